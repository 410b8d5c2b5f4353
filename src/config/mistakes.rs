//! All mistakes of a file are told at once, each with its line, and what is near is suggested.

use super::*;

fn told<P: Program + fmt::Debug>(file: &str, args: &[&str]) -> Vec<String> {
    let args: Vec<OsString> = [P::TABLE].iter().chain(args).map(OsString::from).collect();
    let failure = settle::<P>(&args, Some((Path::new("F"), file))).unwrap_err();
    failure.lines().map(str::to_owned).collect()
}

fn of_file(file: &str) -> Vec<String> {
    told::<Smtarpit>(file, &[])
}

#[test]
fn all_mistakes_of_a_file_are_told_each_with_its_line() {
    let file = "slotz = 3\ntotal = 'many'\nhostname = 'a b'\ncolour = 'red'\nallow = ['::1', 'me', '::2', 'you']\n\
                persona = 'exim'\n[smtrapit]\n[smtarpit]\nhold_at = 'dinner'\nslots = 3\nmax_pauze = 3\n\
                edge = [1]\n[[smtarpit.profile]]\nedge = 0\nslots = 3\nhours = 'late'\n[tarpop]\nx = 1\n";
    assert_eq!(
        of_file(file),
        [
            "F:1: slotz: there is no such key; did you mean slots?",
            "F:2: total: \"many\" is not a whole number from 1 to 100000",
            "F:3: hostname: \"a b\" is not a domain name",
            "F:4: colour: there is no such key",
            "F:5: allow: \"me\" is not a network such as 192.0.2.0/24 or 2001:db8::/32",
            "F:5: allow: \"you\" is not a network such as 192.0.2.0/24 or 2001:db8::/32",
            "F:6: persona: belongs in the table [smtarpit]",
            "F:7: [smtrapit]: there is no such table; did you mean [smtarpit]?",
            "F:9: hold_at: \"dinner\" is not one of auto, banner, helo, auth, mail, rcpt, data, dot, quit",
            "F:11: smtarpit.max_pauze: there is no such key; did you mean max_pause?",
            "F:12: edge: a list is not expected here",
            "F:13: profile: name: is missing",
            "F:14: profile: edge: \"0\" is not a whole number from 1 to 99",
            "F:15: profile: slots: there is no such key",
            "F:16: profile: hours: \"late\" is not like \"22:00-06:30\"",
        ]
    );
}

#[test]
fn values_that_do_not_go_together_are_told_with_the_others() {
    let file = "slots = 31\ntotal = 30\nchroot = '/srv'\nsecret_file = '/nowhere'\nspeedup = 'x'\n\
                [smtarpit]\nspool = '/var/spool'\n";
    assert_eq!(
        of_file(file),
        [
            "F:5: speedup: \"x\" is not a whole number from 1 to 1000000",
            "F:1: slots: slots is 31, which is more than total, 30",
            "F:3: chroot: needs user too: root is not held by a new root directory",
            "F:4: secret_file: /nowhere: No such file or directory",
            "F:7: spool: /var/spool is not inside of chroot, /srv",
        ]
    );
}

#[test]
fn a_key_that_must_be_written_anew_is_blamed_for_nothing_else() {
    assert_eq!(
        of_file("slotz = 3\ntotal = 30\nchroot = '/srv'\nuser = 'a:b:c'"),
        [
            "F:1: slotz: there is no such key; did you mean slots?",
            "F:4: user: \"a:b:c\" is not a user, or a user:group",
        ]
    );
    assert_eq!(of_file("slots = 0x20\ntotal = 30"), ["F:1: slots: must be a decimal number"]);
}

#[test]
fn what_comes_before_the_first_fault_of_the_form_is_looked_at() {
    let file = "slotz = 1\ntotal = 0\nhostname = \"x\nlog = 'nowhere'\n[smtarpit\nslots = 2\n";
    let told = of_file(file);
    assert_eq!(
        told[..3].iter().map(|line| &line[..4]).collect::<Vec<_>>(),
        ["F:1:", "F:2:", "F:3:"],
        "{told:?}"
    );
    assert!(told.iter().all(|line| !line.contains("log") && !line.contains("slots:")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("F:5: unclosed table")), "{told:?}");
}

#[test]
fn a_mistake_of_the_command_line_comes_last() {
    assert_eq!(
        told::<Smtarpit>("slots = 'x'\ntotal = 'y'", &["--pce=day", "--edge=0"]),
        [
            "F:1: slots: \"x\" is not a whole number from 0 to 100000",
            "F:2: total: \"y\" is not a whole number from 1 to 100000",
            "--pce: there is no such option; did you mean --pace?",
        ]
    );
}

#[test]
fn a_command_that_does_not_exist_is_named_with_those_that_do() {
    let sundew = |args: &[&str]| told::<Sundew>("", args).join("\n");
    assert_eq!(
        sundew(&["gnerate"]),
        "gnerate: there is no such command; there are generate, link, vhost, seasons, whence; did you mean generate?"
    );
    assert_eq!(
        sundew(&["frobnicate"]),
        "frobnicate: there is no such command; there are generate, link, vhost, seasons, whence"
    );
    assert_eq!(sundew(&["generate", "a", "b"]), "b: is not an option, and generate takes nothing else");
    assert_eq!(
        sundew(&["link", "--backgruond=#fff"]),
        "--backgruond: there is no such option; did you mean --background?"
    );
    assert_eq!(
        sundew(&["generate", "x", "--pagse=3"]),
        "--pagse: there is no such option; did you mean --pages?"
    );
    assert_eq!(
        sundew(&["vhost", "apach"]),
        "<SERVER>: \"apach\" is not one of apache, nginx, lighttpd; did you mean apache?"
    );
}

#[test]
fn nothing_far_fetched_is_suggested() {
    for flag in ["--verbose", "--port=3", "--quiet", "--foo", "--slow", "-x", "--daemon"] {
        let told = told::<Smtarpit>("", &[flag]);
        assert!(told[0].ends_with("there is no such option"), "{told:?}");
    }
}

#[test]
fn a_slip_in_place_of_a_file_is_told() {
    let report = |args: &[&str]| told::<Report>("", args).join("\n");
    assert_eq!(report(&["lst"]), "lst: there is no such file; did you mean list?");
    assert_eq!(report(&["yestrday"]), "yestrday: there is no such file; did you mean yesterday?");
    assert_eq!(report(&["list", "tody"]), "tody: there is no such file; did you mean today?");
    assert_eq!(
        report(&["--period=this-wek", "x"]),
        "--period: \"this-wek\" is not one of today, yesterday, this-week, last-week, this-month, last-month; \
         did you mean this-week?"
    );
}
