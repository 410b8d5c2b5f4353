//! Environments as web servers make them, and the answers for them.

use super::*;
use crate::web::http::tests::Documents;

const APACHE: &[(&str, &str)] = &[
    ("GATEWAY_INTERFACE", "CGI/1.1"),
    ("SERVER_SOFTWARE", "Apache/2.4.99 (Debian)"),
    ("SERVER_NAME", "www.trap.example"),
    ("SERVER_PORT", "80"),
    ("REQUEST_METHOD", "GET"),
    ("REQUEST_SCHEME", "http"),
    ("REQUEST_URI", "/team/a.html"),
    ("SCRIPT_NAME", ""),
    ("PATH_INFO", "/team/a.html"),
    ("QUERY_STRING", ""),
    ("HTTP_HOST", "www.trap.example"),
    ("HTTP_USER_AGENT", "curl/7.88.1"),
];

/// An environment with some variables changed; without a value they are not there.
fn environment(changes: &[(&str, &str)]) -> impl Fn(&str) -> Option<Vec<u8>> {
    let of = |list: &[(&str, &str)], name: &str| {
        list.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes().to_vec())
    };
    let changes: Vec<(String, String)> =
        changes.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    move |name| {
        let changed = changes.iter().find(|(known, _)| known == name);
        match changed {
            Some((_, value)) if value == "-" => None,
            Some((_, value)) => Some(value.as_bytes().to_vec()),
            None => of(APACHE, name),
        }
    }
}

fn reply(changes: &[(&str, &str)]) -> (String, String) {
    let request = Request::read(environment(changes)).expect("a request");
    let wall = DateTime::parse_from_rfc3339("2026-11-26T12:00:00+01:00").unwrap();
    let content = Box::new(Documents { length: 100, depth: 1 });
    let reply = answer(content, "fallback.example", &request, wall);
    let text = String::from_utf8([reply.head, reply.body].concat()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("an empty line");
    (head.to_owned(), body.to_owned())
}

#[test]
fn a_document_has_its_fields_and_none_of_the_web_servers() {
    let (head, body) = reply(&[]);
    let names: Vec<&str> = head.lines().filter_map(|line| Some(line.split_once(": ")?.0)).collect();
    assert_eq!(names, ["Status", "Last-Modified", "ETag", "Content-Length", "Content-Type"]);
    assert!(head.starts_with("Status: 200 OK\r\n") && body.len() == 100, "{head}");
    let (_, body) = reply(&[("REQUEST_METHOD", "HEAD")]);
    assert_eq!(body, "");
}

#[test]
fn the_path_is_what_was_asked_for_in_each_setup() {
    let nginx = [("SERVER_SOFTWARE", "nginx/1.22.1"), ("SCRIPT_NAME", "/team/a.html"), ("PATH_INFO", "-")];
    let lighttpd = [("SERVER_SOFTWARE", "lighttpd/1.4.69"), ("SCRIPT_NAME", "/sundew.cgi")];
    let own_path = [("REQUEST_URI", "/cgi-bin/sundew/team/a.html"), ("SCRIPT_NAME", "/cgi-bin/sundew")];
    let without = [("REQUEST_URI", "-")];
    let only_script = [("REQUEST_URI", "-"), ("PATH_INFO", "-"), ("SCRIPT_NAME", "/team/a.html")];
    let query = [("REQUEST_URI", "/team/a.html?x=1"), ("QUERY_STRING", "x=1")];
    for changes in [&nginx[..], &lighttpd, &own_path, &without, &only_script, &query] {
        let (head, body) = reply(changes);
        assert!(head.starts_with("Status: 200 OK") && body.len() == 100, "{changes:?}: {head}");
    }
    let (head, _) = reply(&[("REQUEST_URI", "/nope"), ("PATH_INFO", "/nope")]);
    assert!(head.starts_with("Status: 404 Not Found"), "{head}");
}

#[test]
fn an_error_has_the_page_of_the_web_server() {
    let nope = [("REQUEST_URI", "/nope"), ("PATH_INFO", "/nope")];
    let (_, body) = reply(&nope);
    assert!(body.contains("<address>Apache/2.4.99 (Debian) Server at www.trap.example Port 80</address>"));
    let software = |name| [&nope[..], &[("SERVER_SOFTWARE", name)]].concat();
    let (head, body) = reply(&software("nginx/9.9.9"));
    assert!(body.contains("<hr><center>nginx/9.9.9</center>") && head.contains("Content-Type: text/html"));
    let (_, body) = reply(&software("lighttpd/1.4.69"));
    assert!(body.contains("XHTML 1.0"));
    let (_, body) = reply(&software("Apache/1 <b>"));
    assert!(body.contains("Apache/1 &lt;b&gt;") && !body.contains("<b>"));
}

#[test]
fn a_redirection_is_a_full_url() {
    let team = [("REQUEST_URI", "/team?x=1"), ("PATH_INFO", "/team")];
    for (software, changes, location) in [
        ("Apache/2.4", &[][..], "http://www.trap.example/team/?x=1"),
        ("nginx/1.22.1", &[], "http://www.trap.example/team/?x=1"),
        ("lighttpd/1.4.69", &[], "http://www.trap.example/team/?x=1"),
        ("Apache/2.4", &[("HTTPS", "on"), ("SERVER_PORT", "443")], "https://www.trap.example/team/?x=1"),
        ("nginx/1.22.1", &[("HTTPS", "on"), ("SERVER_PORT", "443")], "https://www.trap.example/team/?x=1"),
        ("lighttpd/1.4.69", &[("HTTPS", "on"), ("HTTP_HOST", "a:8443")], "https://a:8443/team/?x=1"),
        ("nginx/1.22.1", &[("SERVER_PORT", "8080")], "http://www.trap.example:8080/team/?x=1"),
    ] {
        let changes = [&team[..], changes, &[("SERVER_SOFTWARE", software)]].concat();
        let (head, _) = reply(&changes);
        assert!(head.starts_with("Status: 301 "), "{head}");
        assert!(head.lines().any(|line| line == format!("Location: {location}")), "{software}: {head}");
    }
}

#[test]
fn what_has_not_changed_is_not_sent() {
    let (head, _) = reply(&[]);
    let tag = head.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap();
    let (head, body) = reply(&[("HTTP_IF_NONE_MATCH", tag)]);
    assert!(head.starts_with("Status: 304 Not Modified\r\n") && body.is_empty(), "{head}");
    let (head, _) = reply(&[("HTTP_IF_MODIFIED_SINCE", "Sun, 01 Mar 2026 10:20:30 GMT")]);
    assert!(head.starts_with("Status: 304 "));
}

#[test]
fn an_environment_of_no_web_server_is_no_request() {
    assert!(Request::read(|_| None).is_none());
    assert!(Request::read(environment(&[("GATEWAY_INTERFACE", "-")])).is_none());
    assert!(Request::read(environment(&[("REQUEST_METHOD", "-")])).is_none());
    // A visitor of HTTP/1.0 names no host.
    let (head, _) = reply(&[("HTTP_HOST", "-")]);
    assert!(head.starts_with("Status: 200"));
}

#[test]
fn hostile_variables_change_nothing_else() {
    for value in ["a\r\nX-Evil: 1", "<script>", "\u{e9}\0", "a b", &"a".repeat(20_000)] {
        for variable in
            ["HTTP_HOST", "REQUEST_URI", "SERVER_NAME", "SERVER_SOFTWARE", "REQUEST_METHOD", "PATH_INFO"]
        {
            let (head, body) = reply(&[(variable, value), ("REQUEST_URI", "/team")]);
            assert!(!head.contains("X-Evil: 1") && !body.contains("<script>"), "{variable}: {head} {body}");
            let (head, body) = reply(&[(variable, value)]);
            assert!(!head.contains("\r\nX-Evil") && !body.contains("<script>"), "{variable}: {head} {body}");
        }
    }
}
