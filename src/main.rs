//! The program: reads the command line, and hands over to the library.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match auftakt::cli::run(auftakt::cli::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("auftakt: {error:#}");
            ExitCode::FAILURE
        }
    }
}
