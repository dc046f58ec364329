//! The page's types are this module's types: a test holds `web/src/generated/school.ts` to them.

use super::super::problem::ProblemBody;
use crate::store::{self, types};
use std::path::Path;
use ts_rs::{Config, TS};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/src/generated/school.ts");

/// The declarations of some types.
macro_rules! export {
    ($config:expr, $($name:ty),+ $(,)?) => {
        vec![$($crate::http::school::bindings::declaration::<$name>($config)),+]
    };
}

pub(crate) use export;

pub fn declaration<T: TS>(config: &Config) -> String {
    format!("\n{}export {}\n", T::docs().unwrap_or_default(), T::decl(config))
}

fn bindings() -> String {
    // As JSON has them: no number of ours needs more than 53 bits.
    let c = &Config::default().with_large_int("number");
    let ids = export!(
        c,
        store::PersonId,
        store::SessionId,
        store::CourseId,
        store::EnrolmentId,
        store::HolidayId,
        store::CategoryId,
        store::ConferenceId,
        store::ThreadId,
        store::MessageId,
        store::FileId,
        store::FileVersionId,
        store::UploadId,
        store::ConsentId,
        store::TemplateId,
        store::ExportId,
        store::JournalId,
        types::Day,
        types::Moment,
        types::Flag,
        ProblemBody,
    );
    let modules = [
        ids,
        super::sessions::types(c),
        super::people::types(c),
        super::demo::types(c),
        super::timetable::types(c),
        super::attendance::types(c),
        super::start::types(c),
        super::rooms::types(c),
        super::conferences::types(c),
        super::threads::types(c),
        super::live::types(c),
        super::files::types(c),
        super::uploads::types(c),
        super::feeds::types(c),
        super::imports::types(c),
        super::exports::types(c),
        super::privacy::types(c),
        super::settings::types(c),
    ];
    let head = "// Generated from src/http/school by `UPDATE=1 cargo test -p auftakt --lib bindings`. Do not edit.\n";
    // Neither editors nor git like blanks at line ends.
    let text = modules.concat().concat();
    head.to_owned() + &text.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>()
}

#[test]
fn the_page_has_the_current_types() {
    let wanted = bindings();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(Path::new(FILE).parent().expect("a directory")).expect("made");
        std::fs::write(FILE, &wanted).expect("written");
    }
    let have = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(have == wanted, "{FILE} is out of date: run UPDATE=1 cargo test -p auftakt --lib bindings");
}
