//! Who is at the other end, and which of our addresses it reached.
//!
//! getpeername(2) knows best and is right under every super-server. When fd 0 is no Internet socket
//! (a TLS wrapper's pipe or socketpair), the environment tells: TCPREMOTEIP (tcpserver, UCSPI),
//! REMOTE_ADDR (systemd), REMOTE_HOST (xinetd), and what socat and ncat set when they start a
//! program. IPv4-mapped IPv6 addresses become IPv4.

use nix::sys::socket::{SockaddrLike as _, SockaddrStorage, getpeername, getsockname};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd as _, BorrowedFd};

/// The two ends of the connection, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends {
    pub peer: Option<IpAddr>,
    pub port: Option<u16>,
    pub local: Option<IpAddr>,
    pub lport: Option<u16>,
}

/// Finds out the ends of the connection on `fd`; `env` looks up the environment.
pub fn ends(fd: BorrowedFd<'_>, env: impl Fn(&str) -> Option<String>) -> Ends {
    let told = from_environment(env);
    let peer = getpeername::<SockaddrStorage>(fd.as_raw_fd()).ok().and_then(|address| internet(&address));
    let local = getsockname::<SockaddrStorage>(fd.as_raw_fd()).ok().and_then(|address| internet(&address));
    Ends {
        peer: peer.map(|address| address.ip()).or(told.peer),
        port: peer.map(|address| address.port()).or(told.port),
        local: local.map(|address| address.ip()).or(told.local),
        lport: local.map(|address| address.port()).or(told.lport),
    }
}

/// The network of a peer in eight bytes: an IPv4 /24, an IPv6 /48, or all peers of unknown address,
/// told apart by the first. IPv4-mapped IPv6 is IPv4.
pub fn network(peer: Option<IpAddr>) -> [u8; 8] {
    match peer.map(|ip| ip.to_canonical()) {
        Some(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            [b'4', a, b, c, 0, 0, 0, 0]
        }
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, e, f, ..] = ip.octets();
            [b'6', a, b, c, d, e, f, 0]
        }
        None => [b'u', 0, 0, 0, 0, 0, 0, 0],
    }
}

/// Whether it is a socket of the Internet, whose peer may be gone by now.
pub fn is_internet(fd: BorrowedFd<'_>) -> bool {
    getsockname::<SockaddrStorage>(fd.as_raw_fd()).is_ok_and(|address| internet(&address).is_some())
}

/// Whether the environment says that a super-server started us, as UCSPI and inetd-like ones do.
pub fn served(env: impl Fn(&str) -> Option<String>) -> bool {
    from_environment(env).peer.is_some()
}

fn internet(address: &SockaddrStorage) -> Option<SocketAddr> {
    match address.family()? {
        nix::sys::socket::AddressFamily::Inet => {
            let v4 = address.as_sockaddr_in()?;
            Some(SocketAddr::new(v4.ip().into(), v4.port()))
        }
        nix::sys::socket::AddressFamily::Inet6 => {
            let v6 = address.as_sockaddr_in6()?;
            Some(SocketAddr::new(IpAddr::from(v6.ip()).to_canonical(), v6.port()))
        }
        _ => None,
    }
}

fn from_environment(env: impl Fn(&str) -> Option<String>) -> Ends {
    let first = |names: &[&str]| names.iter().find_map(|name| env(name));
    let address = |names: &[&str]| first(names).and_then(|text| parse(&text));
    let port = |names: &[&str]| first(names).and_then(|text| text.parse().ok());
    Ends {
        peer: address(&["TCPREMOTEIP", "REMOTE_ADDR", "REMOTE_HOST", "SOCAT_PEERADDR", "NCAT_REMOTE_ADDR"]),
        port: port(&["TCPREMOTEPORT", "REMOTE_PORT", "SOCAT_PEERPORT", "NCAT_REMOTE_PORT"]),
        local: address(&["TCPLOCALIP", "SOCAT_SOCKADDR", "NCAT_LOCAL_ADDR"]),
        lport: port(&["TCPLOCALPORT", "SOCAT_SOCKPORT", "NCAT_LOCAL_PORT"]),
    }
}

/// Reads an address as super-servers write it: perhaps in brackets, perhaps with a zone.
pub fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixStream;

    #[test]
    fn addresses_are_read_as_super_servers_write_them() {
        for (text, address) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
        ] {
            assert_eq!(parse(text), Some(address.parse().unwrap()), "{text}");
        }
        for text in ["", "mail.example.org", "192.0.2", "%", "[]"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_environment_tells_when_the_socket_cannot() {
        let (one, _other) = UnixStream::pair().unwrap();
        let env = |name: &str| match name {
            "TCPREMOTEIP" => Some("198.51.100.3".to_owned()),
            "TCPREMOTEPORT" => Some("4711".to_owned()),
            _ => None,
        };
        let ends = ends(one.as_fd(), env);
        assert_eq!((ends.peer, ends.port), (parse("198.51.100.3"), Some(4711)));
        assert_eq!(ends.local, None);
        assert!(served(env) && !served(|_| None));
    }

    #[test]
    fn the_socket_knows_better_than_the_environment() {
        let listener = std::net::TcpListener::bind("[::]:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (server, _) = listener.accept().unwrap();
        let ends = ends(server.as_fd(), |_| Some("198.51.100.3".to_owned()));
        assert_eq!(ends.peer, parse("127.0.0.1"));
        assert_eq!(ends.port, Some(client.local_addr().unwrap().port()));
        assert_eq!((ends.local, ends.lport), (parse("127.0.0.1"), Some(port)));
    }
}
