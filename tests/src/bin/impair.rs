//! `impair LISTEN SERVER [seed=N] [SETTING]...`: a bad network between the clients and the server, see `auftakt_tests::impair`.
//!
//! Prints `ready ADDRESS`, then reads lines: settings (`delay=50 up.loss=5 down.rate=1000`) are answered with `ok`, `stats`
//! with one line of JSON. Ends at `quit` or at the end of its input, so that it never outlives the test that started it.
#![expect(clippy::print_stdout, reason = "its output is its interface")]

use anyhow::{Context, bail};
use auftakt_tests::impair::{LinkStats, Proxy, ProxyStats, Settings};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [listen, server, rest @ ..] = words.as_slice() else {
        bail!("usage: impair LISTEN:PORT SERVER:PORT [seed=N] [delay=MS up.loss=PERCENT ...]");
    };
    let listen: SocketAddr = listen.parse().context("the address to listen on")?;
    let server: SocketAddr = server.parse().context("the server's address")?;
    let seed = rest.iter().find_map(|word| word.strip_prefix("seed=")).map_or(Ok(1), str::parse).context("the seed")?;
    let mut proxy = Proxy::bind(listen, server, seed).await?;
    change(&mut proxy, rest.iter().map(String::as_str).filter(|word| !word.starts_with("seed=")))?;
    println!("ready {}", proxy.address()?);

    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        let line = tokio::select! {
            () = proxy.run_until(None) => continue,
            line = lines.next_line() => line?,
        };
        match line.as_deref().map(str::trim) {
            None | Some("quit") => return Ok(()),
            Some("") => {}
            Some("stats") => println!("{}", json(&proxy.stats())),
            Some(settings) => match change(&mut proxy, settings.split_whitespace()) {
                Ok(()) => println!("ok"),
                Err(error) => println!("error: {error}"),
            },
        }
    }
}

/// All of the words or none of them.
fn change<'a>(proxy: &mut Proxy, words: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
    let (mut up, mut down) = proxy.settings();
    for word in words {
        Settings::apply(word, &mut up, &mut down)?;
    }
    proxy.set(up, down);
    Ok(())
}

fn json(stats: &ProxyStats) -> serde_json::Value {
    let link = |link: &LinkStats| {
        serde_json::json!({
            "delivered": link.delivered,
            "delivered_bytes": link.delivered_bytes,
            "lost": link.lost,
            "queue_dropped": link.queue_dropped,
            "duplicated": link.duplicated,
            "reordered": link.reordered,
        })
    };
    serde_json::json!({ "clients": stats.clients, "up": link(&stats.up), "down": link(&stats.down) })
}
