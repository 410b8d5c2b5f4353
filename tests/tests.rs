//! Every integration test, as modules of one binary: it links once, and its servers run side by side.
//!
//! The tests use real super-servers, real mail programs and a real syslog. What is not installed fails
//! the test that needs it, with the name of its Debian package; `tests/run` installs them all.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests run beside the programs: they measure real time and report on stdout"
)]

/// Manuals, examples and service files against the definitions.
mod docs;

/// Temp dirs, super-servers, a scripted client, a syslog listener.
mod harness;

/// Man or machine, on recorded conversations.
mod kind;

/// The shipped service files under the real xinetd, tcpserver, inetds and systemd.
mod superservers;

/// The directories for daemontools under the real svscan.
mod daemontools;

/// The same for tarpop.
mod tarpop_servers;

/// The same for sundew.
mod sundew_servers;

/// The shipped virtual hosts under the real web servers.
mod web_servers;

/// `tarpit-run` from its first line to its last.
mod run_program;

/// What goes wrong is for the operator; the peer reads nothing of it.
mod leak;

/// Where the operator's answers come out, and whom the programs refuse to be.
mod operator;

/// The log: real syslog sockets, a real rsyslogd, hostile bytes.
mod syslog;

/// Real mail programs, each held at least as long as the best tarpit measured so far holds it.
mod clients;

/// A message: slowed down, counted, held at its end, kept in the spool.
mod message;

/// Addresses that are ours, and those that are not.
mod issued;

/// What a guest can make us do while it is held, and what is said of its end.
mod held;

/// A peer that vanishes without a word.
mod ghosts;

/// Peers at their worst: endless lines, NULs, a million commands, half-closed and broken connections.
mod abuse;

/// Real clients of POP3: mail programs, Hydra, the filter of fail2ban.
mod tarpop_clients;

/// The personas against a real Postfix, a real Exim and nmap.
mod real_servers;

/// The same for POP3: a real Dovecot, a real Courier and nmap.
mod real_pop3;

/// The same for the web: a real Apache, a real nginx, a real lighttpd, nmap and curl.
mod real_web;

/// A whole web site as files, and the other commands of sundew.
mod site;

/// Slots between processes that start together and are killed.
mod slots;

/// Logs, and what is true about them.
#[path = "../benches/loggen/mod.rs"]
mod loggen;

/// The report as it is run.
mod report;

/// The lists in the hands of nft, ipset and rbldnsd.
mod report_lists;

/// The page in a browser, at the desk and on a telephone.
mod report_page;

/// The report of logs that are not as they should be.
mod report_doubts;

/// The report against what the generator of logs knows.
mod report_truth;

/// The report of real programs through a real rsyslogd, against what their clients saw.
mod report_live;

/// The report that cron and systemd make every week.
mod report_weekly;

/// Every block of README.md.
mod readme;
