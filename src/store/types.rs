//! What rows are made of: identifiers, days, instants and words, each as it lies in the database and as it goes over the wire.

use chrono::{NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::error::BoxDynError;
use std::str::FromStr;
use utoipa::ToSchema;

/// A text that is none of what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct Malformed(pub &'static str);

/// Lies in the database as another type, whose value it is made of.
macro_rules! stored_as {
    ($name:ident, $as:ty, $to:expr, $from:expr) => {
        impl sqlx::Type<sqlx::Any> for $name {
            fn type_info() -> sqlx::any::AnyTypeInfo {
                <$as as sqlx::Type<sqlx::Any>>::type_info()
            }

            fn compatible(info: &sqlx::any::AnyTypeInfo) -> bool {
                <$as as sqlx::Type<sqlx::Any>>::compatible(info)
            }
        }

        impl<'q> sqlx::Encode<'q, sqlx::Any> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut <sqlx::Any as sqlx::Database>::ArgumentBuffer,
            ) -> std::result::Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                let value: $as = $to(self);
                <$as as sqlx::Encode<'q, sqlx::Any>>::encode(value, buffer)
            }
        }

        impl<'r> sqlx::Decode<'r, sqlx::Any> for $name {
            fn decode(value: <sqlx::Any as sqlx::Database>::ValueRef<'r>) -> std::result::Result<Self, sqlx::error::BoxDynError> {
                let value = <$as as sqlx::Decode<'r, sqlx::Any>>::decode(value)?;
                $from(value).map_err(Into::into)
            }
        }
    };
}

/// A word of a closed list: the same in the database, in JSON and in Rust.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, ts_rs::TS,
        )]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] #[ts(rename = $word)] $variant),+
        }

        impl $name {
            /// Every one.
            #[allow(dead_code, reason = "not every list of words is ever gone through")]
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        // By hand: the derive does not see a rename that comes out of a macro.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let text = utoipa::openapi::schema::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String);
                text.enum_values(Some([$($word),+])).into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::store::Malformed;

            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::store::Malformed(concat!("one of:" $(, " ", $word)+))),
                }
            }
        }

        $crate::store::types::stored_as!(
            $name, String, |word: &$name| word.as_str().to_owned(), |text: String| <$name as std::str::FromStr>::from_str(&text)
        );
    };
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema, ts_rs::TS)]
        #[serde(try_from = "String")]
        #[schema(value_type = String, format = "uuid")]
        pub struct $name(String);

        impl $name {
            /// A new one; later ones sort behind.
            #[expect(clippy::new_without_default, reason = "every call gives another one")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7().to_string())
            }

            /// As it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                // One way of writing each, so that equal ones are equal as texts.
                match uuid::Uuid::try_parse(&text) {
                    Ok(id) if id.to_string() == text => Ok(Self(text)),
                    _ => Err(Malformed("an identifier")),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        stored_as!($name, String, |id: &$name| id.0.clone(), $name::try_from);
    )+};
}

pub(crate) use {stored_as, words};

ids! {
    PersonId, SessionId, CourseId, EnrolmentId, HolidayId, CategoryId, AttendanceId, PresenceId, ConferenceId, ThreadId, MessageId, FileId,
    FileVersionId, UploadId, MailId, ConsentId, JournalId, TemplateId, ExportId,
}

/// A day of the calendar, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema, ts_rs::TS)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = Date)]
#[ts(type = "string")]
pub struct Day(pub NaiveDate);

impl FromStr for Day {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed("a day like 2026-11-23");
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| malformed)?;
        // One way of writing each: sorting as texts must be sorting by time.
        if text.len() == 10 && day.to_string() == text { Ok(Self(day)) } else { Err(malformed) }
    }
}

impl TryFrom<String> for Day {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

stored_as!(Day, String, |day: &Day| day.to_string(), |text: String| Day::from_str(&text));

/// An instant: milliseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema, ts_rs::TS)]
#[serde(transparent)]
#[schema(value_type = i64)]
#[ts(type = "number")]
pub struct Moment(pub i64);

impl Moment {
    /// The clock of the machine.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_millis())
    }

    /// So much later.
    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// So much earlier.
    #[must_use]
    pub fn minus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

stored_as!(Moment, i64, |moment: &Moment| moment.0, |millis: i64| Ok::<_, BoxDynError>(Moment(millis)));

/// Yes or no; 1 or 0 in the database, which is what both kinds agree on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, ts_rs::TS)]
#[serde(transparent)]
#[schema(value_type = bool)]
#[ts(type = "boolean")]
pub struct Flag(pub bool);

stored_as!(Flag, i64, |flag: &Flag| i64::from(flag.0), |value: i64| Ok::<_, BoxDynError>(Flag(value != 0)));

/// A text as it is searched: lower case, without accents. `Nguyễn` is found by `nguyen`, `Großmann` by `grossmann`, `Yıldırım` by `yildirim`.
pub fn folded(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let lower = text.to_lowercase();
    let mut folded = String::with_capacity(lower.len());
    for c in lower.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        match c {
            'ß' => folded.push_str("ss"),
            'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ø' => folded.push('o'),
            'đ' => folded.push('d'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            c => folded.push(c),
        }
    }
    folded
}

/// For `LIKE … ESCAPE '\'`: somewhere in the text.
pub fn like(words: &str) -> String {
    let mut pattern = String::from("%");
    for c in folded(words).trim().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_people_type_them() {
        assert_eq!(folded("Hannah Sommerfeld-Nguyễn"), "hannah sommerfeld-nguyen");
        assert_eq!(folded("Großmann YILDIRIM Yıldırım Łukasz Ærø"), "grossmann yildirim yildirim lukasz aero");
        assert_eq!(like(" 100%_sicher\\ "), "%100\\%\\_sicher\\\\%");
    }

    #[test]
    fn a_day_has_one_way_of_being_written() {
        assert_eq!("2026-11-23".parse::<Day>().map(|day| day.to_string()), Ok("2026-11-23".to_owned()));
        for wrong in ["2026-1-3", "2026-02-30", "", "23.11.2026", "+2026-11-2", "2026-11-23 "] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_identifier_is_lower_case_and_has_its_hyphens() {
        let id = PersonId::new();
        assert_eq!(PersonId::try_from(id.as_str().to_owned()), Ok(id.clone()));
        for wrong in [id.as_str().to_uppercase(), id.as_str().replace('-', ""), "../../etc".to_owned(), String::new()] {
            assert!(PersonId::try_from(wrong).is_err());
        }
    }
}
