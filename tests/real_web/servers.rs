use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use chrono::DateTime;

use super::{FILES, HOST, MODIFIED};
use crate::harness::{Dir, Process, is_root, need, until};

/// A real server; it ends when this is dropped.
pub struct Real {
    pub address: SocketAddr,
    _process: Process,
    _dir: Dir,
}

/// The account that servers become when root starts them.
const ACCOUNT: &str = "www-data";

/// Starts a server with this configuration, in which `{dir}`, `{port}`, `{host}` and `{user}` are filled in.
fn start(program: &str, config: &str, user: &str, arguments: &[&str]) -> Real {
    let dir = Dir::new();
    let modified: SystemTime = DateTime::parse_from_rfc3339(MODIFIED).unwrap().into();
    for (name, text) in FILES {
        let path = dir.write(&format!("root/{name}"), text);
        File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    }
    dir.make("run");
    let there = |path: &Path| path.display().to_string();
    let user = if is_root() { user } else { "" };
    // Somebody else may take a free port before the server does.
    for _ in 0..5 {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
        let address = free.expect("a free port");
        let text = config
            .replace("{dir}", &there(&dir.path("")))
            .replace("{port}", &address.port().to_string())
            .replace("{host}", HOST)
            .replace("{user}", user);
        let file = there(&dir.write("config", text));
        let arguments = arguments.iter().map(|argument| argument.replace("{config}", &file));
        let mut command = Command::new(need(program));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(dir.path("stderr")).unwrap());
        let mut process = Process::start(&mut command);
        let listens = until(&format!("{program} listens"), || match process.ended() {
            Some(_) => Some(false),
            None => TcpStream::connect(address).is_ok().then_some(true),
        });
        if listens {
            return Real { address, _process: process, _dir: dir };
        }
    }
    let said = ["stderr", "error.log"].map(|name| fs::read_to_string(dir.path(name)).unwrap_or_default());
    panic!("{program} does not listen: {}", said.concat())
}

pub fn apache() -> Real {
    let config = "\
        ServerRoot {dir}\nDefaultRuntimeDir {dir}run\nPidFile {dir}run/pid\nMutex file:{dir}run default\n\
        ServerName {host}\nListen 127.0.0.1:{port}\nErrorLog {dir}error.log\n{user}\
        LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n\
        LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n\
        LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so\n\
        LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so\n\
        LoadModule autoindex_module /usr/lib/apache2/modules/mod_autoindex.so\n\
        LoadModule negotiation_module /usr/lib/apache2/modules/mod_negotiation.so\n\
        LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so\n\
        LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so\n\
        LoadModule reqtimeout_module /usr/lib/apache2/modules/mod_reqtimeout.so\n\
        RequestReadTimeout header=20-40,minrate=500 body=10,minrate=500\n\
        TypesConfig /etc/mime.types\nDocumentRoot {dir}root\nDirectoryIndex index.html\n\
        ServerTokens OS\nServerSignature On\nTraceEnable Off\nKeepAlive Off\nMaxRanges none\n\
        Redirect 503 /busy\nHeader always set Retry-After 120 \"expr=%{REQUEST_STATUS} == 503\"\n\
        <Directory {dir}root>\nRequire all granted\n</Directory>\n";
    let user = format!("User {ACCOUNT}\nGroup {ACCOUNT}\n");
    start("apache2", config, &user, &["-DFOREGROUND", "-f", "{config}"])
}

pub fn nginx() -> Real {
    let config = "\
        pid {dir}run/pid;\nerror_log {dir}error.log;\nworker_processes 1;\n{user}daemon off;\n\
        events { worker_connections 100; }\n\
        http {\n include /etc/nginx/mime.types;\n default_type application/octet-stream;\n access_log off;\n\
        keepalive_timeout 0;\n max_ranges 0;\n client_body_temp_path {dir}run/b;\n\
        proxy_temp_path {dir}run/p;\n fastcgi_temp_path {dir}run/f;\n uwsgi_temp_path {dir}run/u;\n\
        scgi_temp_path {dir}run/s;\n\
        server {\n listen 127.0.0.1:{port} default_server;\n server_name _;\n root {dir}root;\n\
        index index.html;\n location / { try_files $uri $uri/ =404; }\n\
        location = /busy { add_header Retry-After 120 always; return 503; }\n } }\n";
    start("nginx", config, &format!("user {ACCOUNT};\n"), &["-e", "stderr", "-c", "{config}"])
}

pub fn lighttpd() -> Real {
    // As Debian ships it, but without HTTP/2.
    let config = "\
        server.modules = (\"mod_indexfile\", \"mod_access\", \"mod_alias\", \"mod_redirect\")\n\
        server.document-root = \"{dir}root\"\n\
        server.bind = \"127.0.0.1\"\nserver.port = {port}\nserver.name = \"{host}\"\n{user}\
        server.max-keep-alive-requests = 0\nserver.range-requests = \"disable\"\n\
        server.http-parseopts = (\n\
        \"header-strict\" => \"enable\", \"host-strict\" => \"enable\", \"host-normalize\" => \"enable\",\n\
        \"url-normalize-unreserved\" => \"enable\", \"url-normalize-required\" => \"enable\",\n\
        \"url-ctrls-reject\" => \"enable\", \"url-path-2f-decode\" => \"enable\",\n\
        \"url-path-dotseg-remove\" => \"enable\")\n\
        server.feature-flags += (\"server.h2proto\" => \"disable\")\n\
        index-file.names = (\"index.php\", \"index.html\")\n\
        include_shell \"/usr/share/lighttpd/create-mime.conf.pl\"\n\
        server.modules += (\"mod_dirlisting\", \"mod_staticfile\")\n";
    let user = format!("server.username = \"{ACCOUNT}\"\nserver.groupname = \"{ACCOUNT}\"\n");
    start("lighttpd", config, &user, &["-D", "-f", "{config}"])
}
