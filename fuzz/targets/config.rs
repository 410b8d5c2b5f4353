//! The configuration: any text gives options or one line of complaint, and what `--check` prints of
//! the options is read as the same options again.

#![no_main]

use std::ffi::OsString;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use sundew::config::{Asked, Failure, Smtarpit, settle};

fn read(flags: &[&str], text: &str) -> Result<Asked<Smtarpit>, Failure> {
    let args: Vec<OsString> = std::iter::once(&"smtarpit").chain(flags).map(OsString::from).collect();
    settle(&args, Some((Path::new("sundew.toml"), text)))
}

fuzz_target!(|text: &str| {
    match (read(&[], text), read(&["--check"], text)) {
        (Ok(Asked::Run(options)), Ok(Asked::Text(shown))) => match read(&[], &shown) {
            Ok(Asked::Run(again)) => assert_eq!(options, again, "{shown}"),
            other => panic!("{other:?} of what --check printed:\n{shown}"),
        },
        (Err(failure), Err(same)) => {
            let line = failure.to_string();
            assert!(!line.is_empty() && !line.contains(char::is_control), "{line:?}");
            assert_eq!(failure, same);
        }
        (run, check) => panic!("{run:?} but {check:?}"),
    }
});
