#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| auftakt_hostile::run("bwe", data));
