//! Documents and service files say what the definitions say.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use sundew::config::{self, Asked, NOT_KEYS, Program, Report, Smtarpit, Sundew, Tarpop, manpage};

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
fn load<P: Program>(file: Option<&str>, args: &[&str]) -> Result<Asked<P>, String> {
    let args: Vec<OsString> = std::iter::once(&P::TABLE).chain(args).map(OsString::from).collect();
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
    options_are_documented::<Smtarpit>();
    options_are_documented::<Tarpop>();
    options_are_documented::<Sundew>();
    options_are_documented::<Report>();
}

fn options_are_documented<P: Program>() {
    let pages = manpage::pages();
    let page = |name: &str| &pages.iter().find(|(path, _)| *path == name).unwrap().1;
    let program = match P::TABLE {
        "report" => page("man/tarpit-report.8"),
        table => page(&format!("man/{table}.8")),
    };
    let file = page("man/sundew.toml.5");
    let example = manpage::example();
    for arg in config::command::<P>().get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_positional())
    {
        let key = arg.get_id().as_str();
        let flag = format!(".It Fl -{}", key.replace('_', "\\-"));
        assert!(program.lines().any(|line| line == flag || line.starts_with(&format!("{flag} "))), "{flag}");
        if !NOT_KEYS.contains(&key) {
            assert!(file.contains(&format!(".It Cm {key} No = ")), "{key} in sundew.toml(5)");
            let found = |line: &str| {
                line.starts_with(&format!("#{key} = "))
                    || line == format!("#[[{}.{key}]]", P::TABLE)
                    || line == format!("#[[{key}]]")
            };
            assert!(example.lines().any(found), "{key} in the example");
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.len() > 10 && !help.ends_with('.'), "--{key}: {help:?} is no first line of a manual");
    }
}

#[test]
fn the_example_configuration_changes_nothing_as_it_is() {
    example_changes_nothing::<Smtarpit>();
    example_changes_nothing::<Tarpop>();
    example_changes_nothing::<Sundew>();
    example_changes_nothing::<Report>();
}

fn example_changes_nothing<P: Program + PartialEq + std::fmt::Debug>() {
    let Asked::Run(with) = load::<P>(Some(&read("contrib/sundew.toml")), &[]).unwrap() else { panic!() };
    let Asked::Run(without) = load::<P>(None, &[]).unwrap() else { panic!() };
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
    let (mail, mailbox) = (all_of::<Smtarpit>(&text), all_of::<Tarpop>(&text));
    let web = all_of::<Sundew>(&text);
    let _ = std::fs::remove_file(&secret);
    let Asked::Run(none) = load::<Smtarpit>(None, &[]).unwrap() else { panic!() };
    let same = "the pacing keys are those of the day table";
    assert_eq!(mail.schedule().ordinary, none.schedule().ordinary, "{same}");
    assert_eq!(mail.mail.spool_size, none.mail.spool_size);
    assert_eq!(mail.profiles.len(), 1);
    let Asked::Run(none) = load::<Tarpop>(None, &[]).unwrap() else { panic!() };
    assert_eq!(mailbox.schedule().ordinary, none.schedule().ordinary, "{same}");
    assert_eq!(mailbox.mailbox.accept_after, none.mailbox.accept_after);
    assert_eq!(mailbox.profiles.len(), 1);
    let Asked::Run(none) = load::<Sundew>(None, &[]).unwrap() else { panic!() };
    assert_eq!(web.schedule().ordinary, none.schedule().ordinary, "{same}");
    assert_eq!(web.limits.max_bytes_per_day, none.limits.max_bytes_per_day);
    assert_eq!(web.profiles.len(), 1);
    assert_eq!(web.common.season.len(), 1);
}

/// Loads a configuration in which every key is set, and has `--check` say so.
fn all_of<P: Program>(text: &str) -> P {
    let Asked::Run(all) = load::<P>(Some(text), &[]).unwrap() else { panic!() };
    let Asked::Text(check) = load::<P>(Some(text), &["--check"]).unwrap() else { panic!() };
    assert!(check.contains("\nhostname = \"mx.example.org\" # sundew.toml:"), "{check}");
    assert!(!check.contains("# default\n"), "the example leaves a key out:\n{check}");
    all
}

/// Every file below a directory of the repository.
fn files(dir: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(path) } else { vec![path] }).collect()
}

/// The options behind the name of the program in a line of a service file or a script, where there
/// are some: `server_args` of xinetd, or a command line. Lines that are commented out count too.
fn options<'l>(line: &'l str, program: &str) -> Option<Vec<&'l str>> {
    let words: Vec<_> = line.trim_start_matches('#').split_whitespace().collect();
    let from = match words.as_slice() {
        ["server_args", "=" | "+=", ..] => 2,
        words => words.iter().rposition(|word| word.rsplit(['/', '=']).next() == Some(program))? + 1,
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
            // A file is of the program in its name, the one for all programs has a line for each.
            let programs = ["smtarpit", "tarpop", "sundew"];
            let named =
                programs.into_iter().find(|program| name.contains(program) && !name.ends_with(".conf"));
            let program = named
                .or_else(|| programs.into_iter().find(|program| line.contains(&format!("/{program}\t"))));
            let Some(program) = program else { continue };
            let Some(words) = options(line, program) else { continue };
            let loaded = match program {
                "smtarpit" => load::<Smtarpit>(None, &words).map(drop),
                "tarpop" => load::<Tarpop>(None, &words).map(drop),
                _ => load::<Sundew>(None, &words).map(drop),
            };
            assert_eq!(words, ["--log", "stderr"], "{name}: settings belong in the file");
            if let Err(error) = loaded {
                panic!("{name}:{}: {words:?}: {error}", at + 1);
            }
            found.insert(name.clone());
        }
    }
    // What is in the file counts, but for the log that log/run keeps.
    let expected = ["smtarpit", "sundew", "tarpop"].map(|name| format!("contrib/tcpserver/{name}/run"));
    assert!(found.iter().eq(&expected), "{found:?}");
}
