//! `[files]`: where uploaded files lie, and how much there may be of them.

use super::ConfigError;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawFiles {
    url: Option<String>,
    max_file_mb: Option<u64>,
    quota_mb: Option<u64>,
    person_quota_mb: Option<u64>,
}

/// Where uploaded files lie, and how much there may be of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// A bucket, `s3://name`; `None`: the data directory.
    pub url: Option<String>,
    /// One file.
    pub file_bytes: u64,
    /// The whole school.
    pub school_bytes: u64,
    /// What one person has brought.
    pub person_bytes: u64,
}

/// A video of a lesson piece from a phone.
const FILE_MB: u64 = 200;
const SCHOOL_MB: u64 = 100_000;
const PERSON_MB: u64 = 5_000;
/// A petabyte: a larger number is a mistake, and none overflows.
const MEGABYTES_MAX: u64 = 1_000_000_000;

/// What `[files]` says.
pub fn check(raw: RawFiles) -> Result<FileLimits, ConfigError> {
    if let Some(url) = &raw.url {
        let bucket = url.strip_prefix("s3://").unwrap_or_default();
        if bucket.is_empty() || !bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
            let problem = format!("{url:?} is not like s3://bucket; leave it out to keep files in the data directory");
            return Err(ConfigError::Unusable { key: "files.url", problem });
        }
    }
    let megabytes = |key, given: Option<u64>, default: u64| match given.unwrap_or(default) {
        megabytes @ 1..=MEGABYTES_MAX => Ok(megabytes * 1_000_000),
        _ => Err(ConfigError::Unusable { key, problem: format!("between 1 and {MEGABYTES_MAX}") }),
    };
    Ok(FileLimits {
        url: raw.url,
        file_bytes: megabytes("files.max_file_mb", raw.max_file_mb, FILE_MB)?,
        school_bytes: megabytes("files.quota_mb", raw.quota_mb, SCHOOL_MB)?,
        person_bytes: megabytes("files.person_quota_mb", raw.person_quota_mb, PERSON_MB)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::from_environment;

    #[test]
    fn files_have_bounds_and_a_bucket_has_a_name() {
        let files =
            from_environment(&[("AUFTAKT_FILES_MAX_FILE_MB", "3"), ("AUFTAKT_FILES_URL", "s3://noten")]).expect("good values").files;
        assert_eq!((files.file_bytes, files.url.as_deref()), (3_000_000, Some("s3://noten")));
        for (key, wrong) in
            [("URL", "/var/files"), ("URL", "s3://"), ("URL", "s3://a/../b"), ("MAX_FILE_MB", "0"), ("QUOTA_MB", "9999999999")]
        {
            assert!(from_environment(&[(&format!("AUFTAKT_FILES_{key}"), wrong)]).is_err(), "{key} {wrong}");
        }
    }
}
