//! Precedence, exact errors and `--check`.

use super::*;
use crate::pace::Range;
use crate::smtp::dialogue::Stage;
use crate::smtp::pacing::{Hold, HoldAt, Pace};
use proptest::prelude::*;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

fn args(line: &[&str]) -> Vec<OsString> {
    std::iter::once(&"smtarpit").chain(line).map(OsString::from).collect()
}

/// Loads with this file and these flags.
fn asked(file: Option<&str>, line: &[&str]) -> Result<Asked<Smtarpit>, String> {
    settle(&args(line), file.map(|text| (Path::new("/etc/sundew.toml"), text))).map_err(|e| e.to_string())
}

fn run(file: &str, line: &[&str]) -> Smtarpit {
    match asked(Some(file), line) {
        Ok(Asked::Run(options)) => options,
        other => panic!("{other:?}"),
    }
}

fn text(file: &str, line: &[&str]) -> String {
    match asked(Some(file), line) {
        Ok(Asked::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_works_with_no_configuration_at_all() {
    let Ok(Asked::Run(options)) = asked(None, &[]) else { panic!() };
    assert_eq!((options.common.slots, options.common.total, options.common.per_source), (35, 40, 0));
    assert_eq!(options.common.lock_dir, Path::new("/run/sundew/smtarpit"));
    assert_eq!(options.common.hostname, value::nodename());
    assert_eq!(options.common.facility, Facility::Mail);
    assert_eq!(options.mail.max_message.0, 10 << 20);
    assert_eq!(options.mail.spool_size.0, 100 << 20);
    let schedule = options.schedule();
    assert_eq!((schedule.name.as_str(), &schedule.ordinary), ("day", &Pace::Day.pacing()));
}

#[test]
fn flags_win_over_the_file_for_lists_too() {
    let file = "slots = 10\ntotal = 12\ndomains = ['a.example', 'b.example']\nhostname = 'File.Example'";
    let options = run(file, &["--slots", "11", "--domains=c.example,d.example", "--domains", "e.example"]);
    assert_eq!((options.common.slots, options.common.total), (11, 12));
    assert_eq!(options.common.domains, ["c.example", "d.example", "e.example"]);
    assert_eq!(options.common.hostname, "file.example");
}

#[test]
fn a_wrong_value_that_a_flag_replaces_is_not_looked_at() {
    assert_eq!(run("slots = 'many'", &["--slots=3"]).common.slots, 3);
}

#[test]
fn a_programs_table_wins_over_the_common_keys() {
    let file =
        "slots = 10\nallow = ['::1']\n[smtarpit]\nslots = 20\nallow = []\n[tarpop]\nslots = 5\nhello = 1\n";
    let options = run(file, &[]);
    assert_eq!(options.common.slots, 20);
    assert_eq!(options.common.allow, []);
    // The order in the file does not matter.
    assert_eq!(run("smtarpit.slots = 20\nslots = 10", &[]).common.slots, 20);
}

#[test]
fn numbers_need_no_quotes_and_may_have_them() {
    let file = "slots = 3_0\ntotal = '31'\n[smtarpit]\nmax_pause = 50\ngreet_pause = 0\n\
                reply_time = 1.5\nhuman = '0.3-3'\nmax_message = 2000";
    let options = run(file, &[]);
    assert_eq!((options.common.slots, options.common.total), (30, 31));
    assert_eq!(options.pacing.max_pause, Some(Duration::from_secs(50)));
    assert_eq!(options.pacing.greet_pause, Some(Range::ms(0, 0)));
    assert_eq!(options.pacing.reply_time, Some(Range::ms(1500, 1500)));
    assert_eq!(options.pacing.human, Some(Range::ms(300, 3000)));
    assert_eq!(options.mail.max_message.0, 2000);
}

#[test]
fn a_list_may_be_one_word_or_have_commas() {
    let two = ["192.0.2.0/24".parse().unwrap(), "::1".parse().unwrap()];
    for file in
        ["allow = '192.0.2.0/24,::1'", "allow = ['192.0.2.0/24', '::1']", "allow = ['192.0.2.0/24,::1']"]
    {
        assert_eq!(run(file, &[]).common.allow, two, "{file}");
    }
    assert_eq!(run("", &["--allow", "192.0.2.0/24", "--allow=::1"]).common.allow, two);
}

#[test]
fn profiles_change_any_pacing_key_and_the_first_that_applies_wins() {
    let file = "[smtarpit]\nmax_pause = 40\nedge = 70\n\
                [[smtarpit.profile]]\nname = 'weekend'\ndays = 'Sat,Sun'\nhold = 'edge'\nedge = 50\n\
                [[smtarpit.profile]]\nname = 'night'\nhours = '22:00-06:30'\npace = 'night'\nhold_at = 'data'\n";
    let schedule = run(file, &[]).schedule();
    let at = |time: &str| schedule.at(chrono::DateTime::parse_from_rfc3339(time).unwrap());
    let (name, day) = at("2026-11-27T12:00:00+01:00");
    assert_eq!((name, day.max_pause, day.edge), ("day", Duration::from_secs(40), 70));
    let (name, night) = at("2026-11-27T23:00:00+01:00");
    assert_eq!((name, night.hold_at, night.edge), ("night", HoldAt::Stage(Stage::Data), 70));
    assert_eq!(night.steps, Pace::Night.pacing().steps);
    assert_eq!(night.max_pause, Duration::from_secs(40), "what is said outside of profiles holds in them");
    // Saturday morning still belongs to the night that began on Friday, but the weekend comes first.
    let (name, weekend) = at("2026-11-28T02:00:00+01:00");
    assert_eq!((name, weekend.hold, weekend.edge), ("weekend", Hold::Edge, 50));
    assert_eq!(at("2026-11-30T02:00:00+01:00").0, "night");
    assert_eq!(at("2026-11-30T06:30:00+01:00").0, "day");
}

#[test]
fn profiles_can_be_flags_which_take_the_place_of_the_files() {
    let file = "[[smtarpit.profile]]\nname = 'night'\n[[smtarpit.profile]]\nname = 'day'";
    assert_eq!(run(file, &[]).profiles.len(), 2);
    let options = run(file, &["--profile", "{name='slow', max_pause=120, hours='08:00-24:00'}"]);
    assert_eq!(options.profiles.len(), 1);
    assert_eq!(options.profiles[0].name, "slow");
    assert_eq!(options.profiles[0].pacing.max_pause, Some(Duration::from_secs(120)));
}

#[test]
fn errors_name_the_flag() {
    let cases: &[(&[&str], &str)] = &[
        (&["--slots=soon"], "--slots: \"soon\" is not a whole number from 0 to 100000"),
        (&["--slots=-1"], "--slots: \"-1\" is not a whole number from 0 to 100000"),
        (&["--total=0"], "--total: \"0\" is not a whole number from 1 to 100000"),
        (&["--slots="], "--slots: \"\" is not a whole number from 0 to 100000"),
        (&["--slots"], "--slots: needs a value"),
        (&["--slots", "--total=3"], "--slots: needs a value"),
        (&["--slots=1", "--slots=2"], "--slots: is given more than once"),
        (&["--slots=41"], "--slots: slots is 41, which is more than total, 40"),
        (&["--total=30"], "--total: slots is 35, which is more than total, 30"),
        (&["--slotz=1"], "--slotz: there is no such option; did you mean --slots?"),
        (&["-x"], "-x: there is no such option"),
        (&["now"], "now: is not an option, and smtarpit takes nothing else"),
        (&["--check=yes"], "--check: takes no value"),
        (&["--persona=qmail"], "--persona: \"qmail\" is not one of postfix, exim, sendmail, exchange"),
        (&["--log=file"], "--log: \"file\" is not one of auto, syslog, stderr"),
        (
            &["--hold-at=dinner"],
            "--hold-at: \"dinner\" is not one of auto, banner, helo, auth, mail, rcpt, data, dot, quit",
        ),
        (&["--hostname=a b"], "--hostname: \"a b\" is not a domain name"),
        (&["--hostname=.example"], "--hostname: \".example\" is not a domain name"),
        (&["--domains=a.example,-b"], "--domains: \"-b\" is not a domain name"),
        (&["--lock-dir=here"], "--lock-dir: \"here\" is not a path that begins with / and has no .. in it"),
        (&["--spool=/a/../b"], "--spool: \"/a/../b\" is not a path that begins with / and has no .. in it"),
        (&["--allow=me"], "--allow: \"me\" is not a network such as 192.0.2.0/24 or 2001:db8::/32"),
        (&["--user=a:b:c"], "--user: \"a:b:c\" is not a user, or a user:group"),
        (&["--speedup=0"], "--speedup: \"0\" is not a whole number from 1 to 1000000"),
        (&["--seed=x"], "--seed: \"x\" is not a whole number from 0 to 18446744073709551615"),
        (&["--max-message=10T"], "--max-message: \"10T\" is not a size such as 500k or 10M"),
        (
            &["--max-message=99999999999999G"],
            "--max-message: \"99999999999999G\" is not a size such as 500k or 10M",
        ),
        (&["--max-pause=soon"], "--max-pause: \"soon\" is not a number of seconds"),
        (&["--max-pause=0"], "--max-pause: \"0\" is not between 1 and 3600 seconds"),
        (&["--greet-pause=0.2-2.1"], "--greet-pause: \"0.2-2.1\" is more than 2 seconds"),
        (&["--banner-time=5-21"], "--banner-time: \"5-21\" is more than 20 seconds"),
        (&["--human=3-1"], "--human: \"3-1\" ends before it begins"),
        (&["--edge=100"], "--edge: \"100\" is not a whole number from 1 to 99"),
        (&["--chroot=/srv"], "--chroot: needs user too: root is not held by a new root directory"),
        (
            &["--chroot=/srv", "--user=mail", "--spool=/var/spool"],
            "--spool: /var/spool is not inside of chroot, /srv",
        ),
        (
            &["--profile=night"],
            "--profile: must be a table such as { name = \"night\", hours = \"22:00-06:30\" }",
        ),
        (&["--profile={hours='22:00-06:30'}"], "--profile: name: is missing"),
        (
            &["--profile={name='a b'}"],
            "--profile: name: \"a b\" is not a name of 1 to 32 letters, digits, dots, hyphens or underscores",
        ),
        (&["--profile={name='a', slots=3}"], "--profile: slots: there is no such key"),
        (&["--profile={name='a', hours='late'}"], "--profile: hours: \"late\" is not like \"22:00-06:30\""),
        (
            &["--profile={name='a', days='Mon-Tag'}"],
            "--profile: days: \"Tag\" is not one of Mon Tue Wed Thu Fri Sat Sun",
        ),
        (&["--profile={name='a', edge=[1]}"], "--profile: edge: a list is not expected here"),
    ];
    for (line, error) in cases {
        assert_eq!(asked(None, line).unwrap_err(), *error, "{line:?}");
    }
    let bytes = vec!["smtarpit".into(), OsString::from_vec(b"--hostname=\xff".to_vec())];
    assert_eq!(settle::<Smtarpit>(&bytes, None).unwrap_err().to_string(), "the command line: is not UTF-8");
}

#[test]
fn errors_name_file_line_and_key() {
    let cases = [
        ("\n[smtarpit]\nmax_pause = 'soon'", "3: max_pause: \"soon\" is not a number of seconds"),
        ("slots = -3", "1: slots: \"-3\" is not a whole number from 0 to 100000"),
        ("slots = 0x20", "1: slots: must be a decimal number"),
        ("slots = 1.5", "1: slots: \"1.5\" is not a whole number from 0 to 100000"),
        ("slots = true", "1: slots: true and false are no values for it"),
        ("slots = [1]", "1: slots: a list is not expected here"),
        ("slots = {a = 1}", "1: slots: \"{ \\\"a\\\" = \\\"1\\\" }\" is not a whole number from 0 to 100000"),
        ("slots = 2026-11-23", "1: slots: a date or a time needs quotes"),
        ("slots = ''", "1: slots: \"\" is not a whole number from 0 to 100000"),
        ("slots = 1\nslots = 2", "2: duplicate key"),
        ("hostname = \"a\\nb\"", "1: hostname: \"a\\nb\" is not a domain name"),
        (
            "allow = [\n '::1',\n 'me',\n]",
            "3: allow: \"me\" is not a network such as 192.0.2.0/24 or 2001:db8::/32",
        ),
        ("allow = [['::1']]", "1: allow: a list is not expected here"),
        ("slotz = 1", "1: slotz: there is no such key; did you mean slots?"),
        ("config = 'x'", "1: config: there is no such key"),
        ("check = true", "1: check: there is no such key"),
        ("persona = 'exim'", "1: persona: belongs in the table [smtarpit]"),
        ("[smtarpit]\nhelp = 1", "2: smtarpit.help: there is no such key"),
        ("[smtrapit]\nhelp = 1", "1: [smtrapit]: there is no such table; did you mean [smtarpit]?"),
        ("tarpop = 1", "1: tarpop: must be a table, [tarpop]"),
        ("[[smtarpit]]", "1: smtarpit: must be a table, [smtarpit]"),
        ("total = 30\n\nslots = 31\n", "3: slots: slots is 31, which is more than total, 30"),
        (
            "[smtarpit.profile]\nname = 'x'\nedge = 0",
            "3: profile: edge: \"0\" is not a whole number from 1 to 99",
        ),
        (
            "[[smtarpit.profile]]\nname = 'x'\n[[smtarpit.profile]]\nname = 'x'\n\nbanner_time = 30",
            "6: profile: banner_time: \"30\" is more than 20 seconds",
        ),
        (
            "[[smtarpit.profile]]\nname = 'x'\nhours = '1-2'",
            "3: profile: hours: \"1-2\" is not like \"22:00-06:30\"",
        ),
        ("[[smtarpit.profile]]\nname = 'x'\nslots = 3", "3: profile: slots: there is no such key"),
        ("[[smtarpit.profile]]\nname = [1]", "2: profile: name: a list is not expected here"),
        ("secret_file = '/nowhere/secret'", "1: secret_file: /nowhere/secret: No such file or directory"),
        ("\nslots = \"3", "2: invalid basic string, expected `\"`"),
        ("[smtarpit", "1: unclosed table, expected `]`"),
    ];
    for (file, error) in cases {
        assert_eq!(asked(Some(file), &[]).unwrap_err(), format!("/etc/sundew.toml:{error}"), "{file}");
    }
}

#[test]
fn check_shows_where_values_come_from() {
    let file = "slots = 30\n[[smtarpit.profile]]\nname = 'night'\nhours = '22:00-06:30'";
    let text = text(file, &["--check", "--total=50"]);
    for part in [
        "\nslots = 30 # /etc/sundew.toml:1: slots\n",
        "\ntotal = 50 # --total\n",
        "\nper_source = 0 # default\n",
        "\n# chroot is not set\n",
        "\n# pace = \"day\" # by pace\n",
        "\n# max_pause = 50 # by pace\n",
        "\n[[smtarpit.profile]] # /etc/sundew.toml:2: profile\nname = \"night\"\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn check_warns_of_what_will_not_work() {
    let file = "hostname = 'box'\nlock_dir = '/etc/passwd/locks'\nuser = 'nobody-of-that-name:nor-group'\n\
                [smtarpit]\nspool = '/etc/passwd'\nrecipients = 'issued'";
    let text = text(file, &["--check"]);
    let warnings: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# warning: ")).collect();
    // A machine without an id, such as a container, has one more.
    let id = fs::read("/etc/machine-id").is_ok_and(|id| id.len() >= 32);
    let anybody = "secret_file: none, and this machine has no id: anybody could work out the secret";
    let (secret, warnings): (Vec<&str>, Vec<&str>) =
        warnings.into_iter().partition(|line| line.starts_with("secret_file: "));
    assert_eq!(secret, if id { vec![] } else { vec![anybody] });
    assert_eq!(
        warnings,
        [
            "hostname: box has no dot, as the name of a mail server would",
            "domains: empty, so mail for every domain looks like ours",
            "lock_dir: /etc/passwd/locks: Not a directory, so every caller would be turned away",
            "user: there is no user nobody-of-that-name, so every caller would be turned away",
            "spool: /etc/passwd is not a directory, so no message would be kept",
            "recipients: without secret_file only what was issued on this machine is recognised",
        ]
    );
}

#[test]
fn help_and_version_need_no_valid_file() {
    assert!(text("nonsense", &["--help"]).contains("--slots <N>"));
    assert!(text("nonsense", &["-h"]).contains("--slots <N>"));
    assert_eq!(text("nonsense", &["--version"]), format!("smtarpit {}\n", env!("CARGO_PKG_VERSION")));
    assert!(text("nonsense", &["-V"]).starts_with("smtarpit "));
}

#[test]
fn the_spool_is_named_from_the_new_root() {
    let options = run("", &["--chroot=/srv/pit", "--user=mail", "--spool=/srv/pit/spool"]);
    assert_eq!(options.spool(), Some("/spool".into()));
    assert_eq!(run("", &["--spool=/srv/pit/spool"]).spool(), Some("/srv/pit/spool".into()));
}

/// A directory of its own, gone when the test is over.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sundew-config-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_that_cannot_be_used_is_an_error_with_its_path() {
    let dir = Dir::new("files");
    let error = |path: &Path| {
        let line = vec!["smtarpit".into(), "--config".into(), path.into()];
        load::<Smtarpit>(line).unwrap_err().to_string().replace(dir.0.to_str().unwrap(), "DIR")
    };
    assert_eq!(error(&dir.0), "DIR: Is a directory");
    assert_eq!(error(&dir.0.join("none")), "DIR/none: there is no such file");
    assert_eq!(error(&dir.file("latin", b"# caf\xe9")), "DIR/latin: is not UTF-8");
    assert_eq!(error(&dir.file("big", &[b'#'; (1 << 20) + 1])), "DIR/big: is larger than 1 MB");
    assert_eq!(
        error(&dir.file("bad", b"slots = 'x'")),
        "DIR/bad:1: slots: \"x\" is not a whole number from 0 to 100000"
    );
    assert_eq!(error(&dir.0.join("a\nb")), "DIR/a\\nb: there is no such file");
}

#[test]
fn the_file_is_read_when_it_is_named() {
    let dir = Dir::new("named");
    let path = dir.file("sundew.toml", b"slots = 7");
    let flag = OsString::from(format!("--config={}", path.display()));
    let Ok(Asked::Run(options)) = load::<Smtarpit>(["smtarpit".into(), flag]) else { panic!() };
    assert_eq!(options.common.slots, 7);
    assert_eq!(options.invocation.config, Some(path));
}

#[test]
fn a_secret_must_be_long_enough_and_end() {
    let dir = Dir::new("secret");
    let load = |path: &Path| asked(None, &["--secret-file", path.to_str().unwrap()]);
    let short = dir.file("short", b"only 15 bytes..");
    assert_eq!(
        load(&short).unwrap_err(),
        format!("--secret-file: {} has 15 bytes, fewer than 16", short.display())
    );
    assert_eq!(
        load(Path::new("/dev/zero")).unwrap_err(),
        "--secret-file: /dev/zero has more than 4096 bytes"
    );
    let Ok(Asked::Run(options)) = load(&dir.file("good", b"sixteen bytes ok")) else { panic!() };
    assert_eq!(options.common.secret().unwrap().unwrap(), b"sixteen bytes ok");
}

/// Flags with values that fit, in any number and order.
fn flags() -> impl Strategy<Value = Vec<String>> {
    let one = prop_oneof![
        (0..=40_u32).prop_map(|n| format!("--slots={n}")),
        (40..99_u32).prop_map(|n| format!("--total={n}")),
        "[a-zA-Z0-9]{1,9}([.][a-z]{1,9}){0,2}".prop_map(|name| format!("--hostname={name}")),
        prop::collection::vec("[a-z0-9]{1,9}[.]example", 0..4)
            .prop_map(|names| format!("--domains=x,{}", names.join(",")))
            .prop_filter("no empty name", |flag| !flag.ends_with(',')),
        "/[^/\0]{1,9}"
            .prop_filter("a plain path", |path| !path.contains("/."))
            .prop_map(|path| format!("--lock-dir={path}")),
        any::<u64>().prop_map(|n| format!("--seed={n}")),
        any::<[u8; 4]>().prop_map(|ip| format!("--allow={}", std::net::Ipv4Addr::from(ip))),
        prop::sample::select(vec!["k", "M", "", "G"])
            .prop_flat_map(|unit| (0..999_u32).prop_map(move |n| format!("--max-message={n}{unit}"))),
        (0..20_000_u32, 0..1000_u32).prop_map(|(a, b)| format!(
            "--human={}-{}",
            f64::from(a) / 1000.0,
            f64::from(a + b) / 1000.0
        )),
        prop::sample::select(vec![
            "--pace=night",
            "--hold=edge",
            "--hold-at=dot",
            "--log=stderr",
            "--persona=exim",
            "--user=a:b",
            "--greet-pause=0"
        ])
        .prop_map(str::to_owned),
        ("[a-z]{1,9}", 1..99_u8).prop_map(|(name, edge)| format!(
            "--profile={{name='{name}', edge={edge}, hours=\"22:00-06:30\"}}"
        )),
    ];
    let repeats = |flag: &str| {
        flag.starts_with("--profile") || flag.starts_with("--allow") || flag.starts_with("--domains")
    };
    prop::collection::vec(one, 0..12).prop_map(move |flags| {
        let name = |flag: &String| flag.split('=').next().unwrap_or_default().to_owned();
        let mut seen = Vec::new();
        flags
            .into_iter()
            .filter(|flag| {
                repeats(flag)
                    || !seen.contains(&name(flag)) && {
                        seen.push(name(flag));
                        true
                    }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn what_check_prints_loads_as_the_same(flags in flags()) {
        let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let Ok(Asked::Run(direct)) = asked(None, &flags) else { panic!("{:?}", asked(None, &flags)) };
        flags.push("--check");
        let Ok(Asked::Text(text)) = asked(None, &flags) else { panic!() };
        prop_assert_eq!(run(&text, &[]), direct, "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z_ =\\[\\]{}\"'0-9.,\n#-]{0,200}") {
        let _ = asked(Some(&text), &[]);
    }

    #[test]
    fn no_keys_and_values_make_it_panic(
        parts in prop::collection::vec((prop::sample::select(vec![
            "slots", "total", "domains", "allow", "smtarpit", "profile", "smtarpit.profile", "[smtarpit]", "[[smtarpit.profile]]", "name", "hours",
            "hostname", "lock_dir", "max_pause", "human", "tarpop", "user", "seed",
        ]), "[ =]{0,2}[-a-z0-9:,.'\"\\[\\]{}= ]{0,12}"), 0..9)
    ) {
        let text: String = parts.iter().map(|(key, value)| format!("{key}{value}\n")).collect();
        if let Err(line) = asked(Some(&text), &[]) {
            prop_assert!(!line.contains('\n') && line.starts_with("/etc/sundew.toml:"), "{}", line);
        }
    }
}
