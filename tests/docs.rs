//! Documents and service files say what the definitions say.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use sundew::config::{self, Asked, NOT_KEYS, Smtarpit, manpage};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares a file with what it should be, or writes it when the environment has `UPDATE=1`.
fn compare(path: &str, wanted: &str) {
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        // Other tests read the file meanwhile: they must find the old or the new one, not half of it.
        let new = root().join(format!("{path}.new"));
        std::fs::write(&new, wanted).unwrap();
        std::fs::rename(&new, root().join(path)).unwrap();
        return;
    }
    let found = read(path);
    let differs = || {
        let mut lines = found.lines().zip(wanted.lines()).enumerate();
        let at = lines.find(|(_, (found, wanted))| found != wanted);
        at.map_or("its length".to_owned(), |(at, (found, wanted))| {
            format!("line {}:\n- {found}\n+ {wanted}", at + 1)
        })
    };
    assert!(found == wanted, "{path} is out of date; UPDATE=1 cargo test docs makes it again; {}", differs());
}

/// Loads a file's text with these flags.
fn load(file: Option<&str>, args: &[&str]) -> Result<Asked<Smtarpit>, String> {
    let args: Vec<OsString> = std::iter::once(&"smtarpit").chain(args).map(OsString::from).collect();
    let file = file.map(|text| (Path::new("sundew.toml"), text));
    config::settle(&args, file).map_err(|failure| failure.to_string())
}

#[test]
fn manual_pages_are_up_to_date() {
    for (path, page) in manpage::pages() {
        compare(path, &page);
    }
}

#[test]
fn the_example_configuration_is_up_to_date() {
    compare("contrib/sundew.toml", &manpage::example());
}

#[test]
fn manual_pages_have_no_warnings() {
    for (path, _) in manpage::pages() {
        let run = Command::new("mandoc").args(["-Tlint", "-Wwarning", path]).current_dir(root()).output();
        let lint = run.expect("the Debian package mandoc is not installed");
        let text = String::from_utf8_lossy(&lint.stdout);
        assert!(lint.status.success() && text.is_empty(), "{text}");
        let run =
            Command::new("groff").args(["-mdoc", "-Tutf8", "-ww", "-z", path]).current_dir(root()).output();
        let groff = run.expect("the Debian package groff is not installed");
        let text = String::from_utf8_lossy(&groff.stderr);
        assert!(groff.status.success() && text.is_empty(), "{text}");
    }
}

#[test]
fn every_option_is_in_the_manual_and_in_the_example() {
    let [(_, program), (_, file), _] = manpage::pages();
    let example = manpage::example();
    for arg in config::command::<Smtarpit>().get_arguments() {
        let key = arg.get_id().as_str();
        let flag = format!(".It Fl -{}", key.replace('_', "\\-"));
        assert!(program.lines().any(|line| line == flag || line.starts_with(&format!("{flag} "))), "{flag}");
        if !NOT_KEYS.contains(&key) {
            assert!(file.contains(&format!(".It Cm {key} No = ")), "{key} in sundew.toml(5)");
            let found = |line: &str| {
                line.starts_with(&format!("#{key} = ")) || line == format!("#[[smtarpit.{key}]]")
            };
            assert!(example.lines().any(found), "{key} in the example");
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.len() > 10 && !help.ends_with('.'), "--{key}: {help:?} is no first line of a manual");
    }
}

#[test]
fn the_example_configuration_changes_nothing_as_it_is() {
    let Asked::Run(with) = load(Some(&read("contrib/sundew.toml")), &[]).unwrap() else { panic!() };
    let Asked::Run(without) = load(None, &[]).unwrap() else { panic!() };
    assert_eq!(with, without);
}

#[test]
fn the_example_configuration_loads_with_nothing_commented_out() {
    let secret = std::env::temp_dir().join(format!("sundew-docs-secret-{}", std::process::id()));
    std::fs::write(&secret, "a secret of the test").unwrap();
    let text = read("contrib/sundew.toml");
    // Prose has a space behind the #, settings have none.
    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    let text = text.lines().map(uncomment).collect::<Vec<_>>().join("\n");
    let text = text.replace("/etc/sundew/secret", secret.to_str().unwrap());
    let run = load(Some(&text), &[]);
    let check = load(Some(&text), &["--check"]);
    let _ = std::fs::remove_file(&secret);
    let Asked::Run(all) = run.unwrap() else { panic!() };
    let Asked::Run(none) = load(None, &[]).unwrap() else { panic!() };
    assert_eq!(
        all.schedule().ordinary,
        none.schedule().ordinary,
        "the pacing keys are those of the day table"
    );
    assert_eq!(all.mail.spool_size, none.mail.spool_size);
    assert_eq!(all.profiles.len(), 1);
    let Asked::Text(check) = check.unwrap() else { panic!() };
    assert!(check.contains("\nhostname = \"mx.example.org\" # sundew.toml:"), "{check}");
    assert!(!check.contains("# default\n"), "the example leaves a key out:\n{check}");
}

/// Every file below a directory of the repository.
fn files(dir: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(path) } else { vec![path] }).collect()
}

/// The options behind the name of the program in a line of a service file or a script, where there
/// are some: `server_args` of xinetd, or a command line. Lines that are commented out count too.
fn options(line: &str) -> Option<Vec<&str>> {
    let words: Vec<_> = line.trim_start_matches('#').split_whitespace().collect();
    let from = match words.as_slice() {
        ["server_args", "=" | "+=", ..] => 2,
        words => words.iter().rposition(|word| word.rsplit(['/', '=']).next() == Some("smtarpit"))? + 1,
    };
    let is_shell = |word: &&str| matches!(*word, "\\" | "'" | "&" | "|" | "2>&1" | ";");
    let options: Vec<_> = words[from..].iter().copied().take_while(|word| !is_shell(word)).collect();
    options.first().is_some_and(|word| word.starts_with("--")).then_some(options)
}

#[test]
fn service_files_use_options_that_exist() {
    let mut found = BTreeSet::new();
    for path in files(root().join("xinetd.d")).into_iter().chain(files(root().join("contrib"))) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with("# ")) {
            let Some(words) = options(line) else { continue };
            if let Err(error) = load(None, &words) {
                panic!("{name}:{}: {words:?}: {error}", at + 1);
            }
            found.insert(name.clone());
        }
    }
    for name in [
        "xinetd.d/smtarpit",
        "contrib/inetd.conf",
        "contrib/systemd/smtarpit@.service",
        "contrib/tcpserver/smtarpit/run",
    ] {
        assert!(found.contains(name), "{name} should have options; {found:?} have");
    }
}
