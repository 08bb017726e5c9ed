//! An HTTP server that answers whatever a test wants, also what no honest server would, and keeps what it heard.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
}

#[derive(Clone)]
enum Body {
    Whole(Vec<u8>),
    /// Bytes without end, fast.
    Endless,
    /// A byte now and then.
    Slow,
    /// Headers without end.
    Headers,
    /// Nothing, and the connection stays open.
    Silent,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, headers: Vec::new(), body: Body::Whole(body.into()) }
    }

    /// A document with its media type.
    pub(crate) fn document(media_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        Reply::new(200, body).with("Content-Type", media_type)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn redirect(to: impl Into<String>) -> Reply {
        Reply::new(307, "").with("Location", to)
    }

    pub(crate) fn endless(self) -> Reply {
        Reply { body: Body::Endless, ..self }
    }

    pub(crate) fn slow(self) -> Reply {
        Reply { body: Body::Slow, ..self }
    }

    pub(crate) fn endless_headers(self) -> Reply {
        Reply { body: Body::Headers, ..self }
    }

    pub(crate) fn silent() -> Reply {
        Reply { body: Body::Silent, ..Reply::new(200, "") }
    }

    fn send(&self, stream: &mut TcpStream, head_only: bool) -> std::io::Result<()> {
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let start = format!("HTTP/1.1 {} X\r\nConnection: close\r\n{headers}", self.status);
        match &self.body {
            Body::Whole(body) => {
                write!(stream, "{start}Content-Length: {}\r\n\r\n", body.len())?;
                if head_only { Ok(()) } else { stream.write_all(body) }
            }
            Body::Endless => {
                write!(stream, "{start}\r\n")?;
                let piece = vec![b' '; 64 * 1024];
                loop {
                    stream.write_all(&piece)?;
                }
            }
            Body::Slow => {
                write!(stream, "{start}\r\n")?;
                loop {
                    stream.write_all(b" ")?;
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            Body::Headers => {
                write!(stream, "{start}")?;
                loop {
                    write!(stream, "X-More: {}\r\n", "x".repeat(1_000))?;
                }
            }
            Body::Silent => {
                let _ = stream.read(&mut [0]);
                Ok(())
            }
        }
    }
}

type Answer = dyn Fn(&Heard) -> Reply + Send + Sync;

/// Runs until it is dropped, on a free port of this machine.
pub(crate) struct Server {
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    over: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server { port, heard: Arc::default(), over: Arc::default() };
        let (heard, over) = (server.heard.clone(), server.over.clone());
        let answer: Arc<Answer> = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let (heard, answer) = (heard.clone(), answer.clone());
                // a client that went away is what some tests want
                std::thread::spawn(move || stream.and_then(|stream| serve(stream, &heard, &*answer)));
            }
        });
        server
    }

    /// One answer for everything.
    pub(crate) fn always(reply: Reply) -> Server {
        Server::start(move |_| reply.clone())
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host())
    }

    /// All requests so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// All requests so far, as `GET /path`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.heard().iter().map(|heard| format!("{} {}", heard.method, heard.path)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(mut stream: TcpStream, heard: &Mutex<Vec<Heard>>, answer: &Answer) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut first = [0];
    // a TLS handshake is no request, and not answered
    if stream.peek(&mut first)? == 0 || first == [0x16] {
        return Ok(());
    }
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(ToOwned::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Heard { method, path, headers, body: String::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    reader.take(length).read_to_string(&mut request.body)?;
    heard.lock().unwrap().push(request.clone());
    answer(&request).send(&mut stream, request.method == "HEAD")
}
