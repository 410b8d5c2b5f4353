//! Programs started for each connection, as an inetd would do it and nothing more.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;

use super::Process;

/// Listens, and has each connection served by a process of its own with the socket on fd 0 and 1.
pub fn serve(mut start: impl FnMut(OwnedFd) -> Process + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut process = start(stream.unwrap().into());
            thread::spawn(move || process.wait("the end of a served connection"));
        }
    });
    address
}

/// Starts a program with a connection.
pub fn on(socket: OwnedFd, command: &mut Command) -> Process {
    let output = socket.try_clone().unwrap();
    Process::start(command.stdin(socket).stdout(output).stderr(Stdio::null()))
}
