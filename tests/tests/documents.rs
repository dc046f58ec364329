//! The documents hold: their links lead somewhere, and they name every module, every configuration key and the page's own words.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files and directories directly below `directory`, or anywhere below it.
fn entries(directory: &Path, below: Below) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
        let path = entry.expect("an entry").path();
        if below == Below::Anywhere && path.is_dir() {
            found.extend(entries(&path, below));
        }
        found.push(path);
    }
    found.sort();
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    Directly,
    Anywhere,
}

/// Every document of the project: those at the top, those in `docs`, and the ones beside what they explain.
fn documents() -> Vec<PathBuf> {
    let root = root();
    let mut all = entries(&root, Below::Directly);
    all.extend(entries(&root.join("docs"), Below::Anywhere));
    all.extend(["benches/README.md", "web/gallery/README.md"].map(|path| root.join(path)).into_iter().filter(|path| path.exists()));
    all.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    all
}

/// What stands between `open` and `close`, as often as it does.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(inside, _)| inside).collect()
}

#[test]
fn every_link_leads_to_a_file() {
    let mut broken = vec![];
    let mut seen = 0;
    for document in documents() {
        let text = read(&document);
        for target in between(&text, "](", ")").into_iter().filter(|target| !target.contains("://")) {
            seen += 1;
            let path = target.split('#').next().unwrap_or_default();
            if !path.is_empty() && !document.parent().expect("a directory").join(path).exists() {
                broken.push(format!("{} -> {target}", document.display()));
            }
        }
    }
    assert!(seen > 10, "only {seen} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_code_map_names_every_module() {
    let map = read("ARCHITECTURE.md");
    let mut missing = vec![];
    for crate_ in ["media/src", "signaling/src", "src"] {
        for path in entries(&root().join(crate_), Below::Directly) {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            if !matches!(name.as_str(), "lib" | "main") && !map.contains(&format!("`{name}`")) {
                missing.push(format!("{crate_}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "not in ARCHITECTURE.md: {missing:?}");
}

#[test]
fn operators_are_told_every_key_and_no_other() {
    let mut section = String::new();
    let mut keys = vec![];
    // That the example has every key of the configuration is a test of its own, beside the configuration.
    for line in read("auftakt.example.toml").lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        }
        let key = line.trim_start_matches("# ").split_once(" = ").map(|(key, _)| key);
        if let Some(key) = key.filter(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
            keys.push(format!("{section}.{key}"));
        }
    }
    for document in ["docs/de/betrieb.md", "docs/en/operating.md"] {
        let text = read(document);
        let mut told: Vec<&str> =
            between(&text, "\n| `", "` |").into_iter().filter(|key| key.contains('.') && !key.contains(' ')).collect();
        told.retain(|key| key.split('.').next().is_some_and(|section| keys.iter().any(|known| known.starts_with(&format!("{section}.")))));
        assert_eq!(told, keys, "{document}");
    }
}

#[test]
fn teachers_are_told_the_words_that_stand_on_the_page() {
    for (document, catalogue, open, close) in
        [("docs/de/unterricht.md", "web/src/i18n/de", "„", "“"), ("docs/en/lessons.md", "web/src/i18n/en", "\"", "\"")]
    {
        let words: String = entries(&root().join(catalogue), Below::Anywhere).iter().map(read).collect();
        let text = read(document);
        let quoted = match open == close {
            // Every second piece stands inside.
            true => text.split(open).skip(1).step_by(2).collect(),
            false => between(&text, open, close),
        };
        assert!(quoted.len() > 10, "{document} quotes only {quoted:?}");
        let unknown: Vec<&&str> = quoted.iter().filter(|word| !words.contains(**word)).collect();
        assert!(unknown.is_empty(), "{document} says {unknown:?}, the page does not");
    }
}
