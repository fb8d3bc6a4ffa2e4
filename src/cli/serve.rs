//! A server for browsers on this machine and nobody else.
//!
//! It listens at 127.0.0.1, answers GET alone, and only below a path that cannot be guessed, so
//! that other users of the machine see nothing. A name that leads here from elsewhere does not help
//! a page of another site either: the host that is asked for has to be this one. Requests are
//! bounded in size, time and number.

use anyhow::Context as _;
use std::borrow::Cow;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What there is at a path.
pub(super) struct Content {
    /// Its type, as in HTTP.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
}

/// Gives what there is at a path below that of the server, if there is anything.
pub(super) type Site<'a> = dyn Fn(&str) -> Option<Content> + Sync + 'a;

/// A server that listens.
#[derive(Debug)]
pub(super) struct Server {
    listener: TcpListener,
    port: u16,
    /// What paths begin with, between slashes.
    secret: String,
}

/// Longest request, in bytes.
const MOST_BYTES: usize = 8192;
/// Most headers of a request.
const MOST_HEADERS: usize = 64;
/// Most requests at a time; a browser has six.
const MOST_AT_A_TIME: usize = 32;
/// How long a request may take to come, and a reply to go.
const MOST_TIME: Duration = Duration::from_secs(5);
/// Between one look for requests, or for the end, and the next.
const TURN: Duration = Duration::from_millis(20);
/// Most of what comes after a request that is read, so that hanging up does not cut off the reply.
const MOST_LEFT: usize = 65_536;

impl Server {
    /// Listens at a port, or at one that is free.
    ///
    /// # Errors
    /// If the port is taken, or none can be had.
    pub fn listen(port: Option<u16>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).with_context(
            || match port {
                Some(port) => format!(
                    "cannot listen at port {port} of this machine: choose another with --port, or \
                     leave that out for one that is free"
                ),
                None => "cannot listen at any port of this machine".into(),
            },
        )?;
        listener.set_nonblocking(true).context("cannot wait for browsers")?;
        let port = listener.local_addr().context("cannot find out the port")?.port();
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|error| anyhow::anyhow!("this machine gives no random numbers: {error}"))?;
        let secret = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { listener, port, secret })
    }

    /// Where a browser finds it.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.secret)
    }

    /// Answers browsers until `stop` is set.
    pub fn serve(&self, site: &Site<'_>, stop: &AtomicBool) {
        let at_a_time = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            while !stop.load(Ordering::Relaxed) {
                match self.listener.accept() {
                    Ok((stream, _)) if at_a_time.load(Ordering::Relaxed) < MOST_AT_A_TIME => {
                        at_a_time.fetch_add(1, Ordering::Relaxed);
                        let answer = || {
                            // One that has gone away is nobody to tell of it.
                            let _ = self.answer(stream, site, stop);
                            at_a_time.fetch_sub(1, Ordering::Relaxed);
                        };
                        scope.spawn(answer);
                    }
                    // Too many at a time are hung up on.
                    Ok(_) => {}
                    Err(_) => std::thread::sleep(TURN),
                }
            }
        });
    }

    fn answer(
        &self,
        mut stream: TcpStream,
        site: &Site<'_>,
        stop: &AtomicBool,
    ) -> std::io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(TURN))?;
        stream.set_write_timeout(Some(MOST_TIME))?;
        let reply = match read_head(&mut stream, stop)? {
            Some(head) => self.reply(&head, site),
            None => {
                Reply::refusal("431 Request Header Fields Too Large", "the request is too long")
            }
        };
        stream.write_all(&reply.head())?;
        stream.write_all(&reply.content.bytes)?;
        stream.shutdown(Shutdown::Write)?;
        let mut rest = [0; 1024];
        for _ in 0..MOST_LEFT / rest.len() {
            if stream.read(&mut rest)? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn reply(&self, head: &[u8], site: &Site<'_>) -> Reply {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(head).is_ok_and(|status| status.is_complete());
        let (Some(method), Some(path), true) = (request.method, request.path, parsed) else {
            return Reply::refusal("400 Bad Request", "this is no request of a browser");
        };
        let mut hosts = request.headers.iter().filter(|h| h.name.eq_ignore_ascii_case("host"));
        let host = hosts.next().map(|header| header.value);
        let names = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        if hosts.next().is_some() || !names.iter().any(|name| host == Some(name.as_bytes())) {
            return Reply::refusal("421 Misdirected Request", "this is another host");
        }
        if method != "GET" {
            return Reply::refusal("405 Method Not Allowed", "there is only GET here");
        }
        let below = path.strip_prefix('/').and_then(|path| path.strip_prefix(self.secret.as_str()));
        match below.and_then(|path| path.strip_prefix('/')).and_then(site) {
            Some(content) => Reply { status: "200 OK", content },
            None => Reply::refusal("404 Not Found", "there is nothing here"),
        }
    }
}

/// Reads a request up to the empty line; `None` if it is too long. GET has nothing after it.
fn read_head(stream: &mut TcpStream, stop: &AtomicBool) -> std::io::Result<Option<Vec<u8>>> {
    let begun = Instant::now();
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if begun.elapsed() > MOST_TIME || stop.load(Ordering::Relaxed) {
            return Err(ErrorKind::TimedOut.into());
        }
        match stream.read(&mut part) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => head.extend_from_slice(&part[..count]),
            // Nothing has come for a moment.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        if head.len() > MOST_BYTES {
            return Ok(None);
        }
    }
    Ok(Some(head))
}

struct Reply {
    status: &'static str,
    content: Content,
}

impl Reply {
    fn refusal(status: &'static str, why: &'static str) -> Self {
        let bytes = Cow::Borrowed(why.as_bytes());
        Self { status, content: Content { kind: "text/plain; charset=utf-8", bytes } }
    }

    /// Nothing is kept, passed on or shown within other pages, and a page loads nothing from
    /// elsewhere.
    fn head(&self) -> Vec<u8> {
        let allow = if self.status.starts_with("405") { "Allow: GET\r\n" } else { "" };
        format!(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{allow}Connection: close\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: \
             no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\nContent-Security-Policy: \
             default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src \
             data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors \
             'none'\r\n\r\n",
            self.status,
            self.content.kind,
            self.content.bytes.len()
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the server says to these bytes.
    fn asked(server: &Server, request: &str) -> String {
        let stop = AtomicBool::new(false);
        let site = |path: &str| {
            let bytes = Cow::Borrowed(&b"a page"[..]);
            (path == "page").then_some(Content { kind: "text/plain", bytes })
        };
        std::thread::scope(|scope| {
            scope.spawn(|| server.serve(&site, &stop));
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
            // A server that has heard enough may hang up in between.
            let _ = stream.write_all(request.as_bytes());
            let mut reply = Vec::new();
            let _ = stream.read_to_end(&mut reply);
            stop.store(true, Ordering::Relaxed);
            String::from_utf8(reply).unwrap()
        })
    }

    #[test]
    fn it_answers_this_machine_alone_and_below_its_secret() {
        let server = Server::listen(None).unwrap();
        let local = server.listener.local_addr().unwrap();
        assert!(local.ip().is_loopback());
        let (port, secret) = (server.port, server.secret.clone());
        assert_eq!(server.address(), format!("http://127.0.0.1:{port}/{secret}/"));
        assert_eq!(secret.len(), 32);
        assert_ne!(secret, Server::listen(None).unwrap().secret);
        let host = format!("Host: 127.0.0.1:{port}\r\n");
        let get = |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\n{headers}\r\n");
        let page = format!("/{secret}/page");
        for (request, status) in [
            (get(&page, &host), "200 OK"),
            (get(&page, &format!("host: localhost:{port}\r\n")), "200 OK"),
            (get(&page, &format!("Host: elsewhere.example:{port}\r\n")), "421 "),
            (get(&page, "Host: 127.0.0.1\r\n"), "421 "),
            (get(&page, &format!("{host}Host: elsewhere.example\r\n")), "421 "),
            (get(&page, ""), "421 "),
            (get("/page", &host), "404 "),
            (get(&format!("/{}/page", "0".repeat(32)), &host), "404 "),
            (get(&format!("/{secret}/../page"), &host), "404 "),
            (get(&format!("/{secret}"), &host), "404 "),
            (get("/", &host), "404 "),
            (get(&page, &host).replace("GET", "POST"), "405 "),
            (get(&page, &host).replace("GET", "HEAD"), "405 "),
            ("nonsense\r\n\r\n".into(), "400 "),
            (get(&page, &format!("{host}X: {}\r\n", "x".repeat(MOST_BYTES))), "431 "),
            (get(&page, &host.repeat(MOST_HEADERS + 1)), "400 "),
        ] {
            let reply = asked(&server, &request);
            assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{request}{reply}");
            assert_eq!(reply.ends_with("a page"), status == "200 OK", "{reply}");
            for header in ["no-store", "nosniff", "no-referrer", "default-src 'none'"] {
                assert!(reply.contains(header), "{reply}");
            }
        }
    }

    #[test]
    fn a_port_that_is_taken_is_told_of() {
        let server = Server::listen(None).unwrap();
        let error = Server::listen(Some(server.port)).unwrap_err().to_string();
        assert!(error.contains(&format!("port {}", server.port)), "{error}");
    }

    #[test]
    fn it_stops_though_a_request_never_ends() {
        let server = Server::listen(None).unwrap();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| server.serve(&|_| None, &stop));
            let mut silent = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
            silent.write_all(b"GET / HT").unwrap();
            stop.store(true, Ordering::Relaxed);
        });
    }
}
