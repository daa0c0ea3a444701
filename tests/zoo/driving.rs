//! How a client of the zoo is driven in Rust: calls at given instants, each with whatever token the client has, and one line told of each.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// The base URL of this process.
pub fn base() -> String {
    variable("ZOO_URL")
}

/// The key of the service account, as JSON, whose token endpoint is the emulator's.
pub fn key() -> String {
    let key = std::fs::read_to_string(variable("ZOO_KEY")).expect("a key");
    let id = std::env::var("ZOO_ID").unwrap_or_else(|_| "main".to_owned());
    key.replace("TOKEN_URI", &format!("{}/oauth/token", base()))
        .replace("CLIENT_ID", &id)
}

/// One call of the API by this token: its status.
async fn call(token: &str) -> std::io::Result<u16> {
    let base = base();
    let rest = base.strip_prefix("http://").expect("a plain URL");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).await?;
    let request = format!(
        "GET /{path}/v2/x HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let status = answer.get(9..12).and_then(|text| std::str::from_utf8(text).ok());
    Ok(status.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Says that it is ready, waits for a line with a time in seconds since 1970, and makes calls at the instants of `ZOO_CALLS`, in milliseconds
/// after it; prints instant, beginning, end and status of each.
pub async fn drive<C, F, E>(client: C, token: impl Fn(Arc<C>) -> F + Clone + Send + 'static)
where
    C: Send + Sync + 'static,
    F: Future<Output = Result<String, E>> + Send,
    E: std::fmt::Display,
{
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
    let start: f64 = line.trim().parse().expect("seconds");
    let client = Arc::new(client);
    let calls: Vec<f64> = variable("ZOO_CALLS")
        .split(',')
        .filter_map(|text| text.parse().ok())
        .collect();
    let mut under_way = Vec::new();
    for due in calls {
        let wait = start + due / 1000.0 - now();
        if wait > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(wait)).await;
        }
        let (client, token) = (client.clone(), token.clone());
        under_way.push(tokio::spawn(async move {
            let begun = now();
            let token = token(client).await.map_err(|error| error.to_string());
            let status = match token {
                Ok(token) => call(&token).await.unwrap_or(0),
                Err(error) => {
                    eprintln!("{error}");
                    0
                }
            };
            println!("{due} {:.6} {:.6} {status}", begun - start, now() - start);
        }));
    }
    for call in under_way {
        call.await.expect("a call ends");
    }
}
