//! Loads the server with WebRTC participants and, beside it in the same run, Janus; prints a table.

use anyhow::{Context, Result, bail};
use auftakt_benches::auftakt::{self, Auftakt};
use auftakt_benches::janus::{self, Janus};
use auftakt_benches::participant;
use auftakt_benches::process::{NETWORK_ADDRESS, Server, enter_own_network, pin_to_core};
use auftakt_benches::scenario::{self, Figures, Scenario, Sfu};
use clap::Parser;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Measures CPU, latency, memory and joining time of a media server under load.
#[derive(Parser)]
struct Arguments {
    /// The server's program.
    #[arg(long, default_value = "target/release/auftakt")]
    program: PathBuf,
    /// Situations: fan10, fan100, fan200, lessons20 …
    #[arg(long, value_delimiter = ',', default_value = "fan10,fan100,lessons20")]
    scenarios: Vec<String>,
    /// Servers to compare.
    #[arg(long, value_delimiter = ',', default_value = "auftakt,janus")]
    servers: Vec<String>,
    /// Rounds; the table shows medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds measured in each run.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Core of the server; the generator takes the other.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// Core of the generator.
    #[arg(long, default_value_t = 1)]
    generator_core: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let address = if enter_own_network() { NETWORK_ADDRESS } else { "127.0.0.1" };
    participant::set_address(address.parse()?);
    pin_to_core(arguments.generator_core);
    print_line(
        "| scenario | server | CPU µs/packet | CPU % | p50 ms | p99 ms | packets/s | lost % | kB/receiver | join p50 ms | join p95 ms |",
    );
    print_line("|---|---|---|---|---|---|---|---|---|---|---|");
    for name in &arguments.scenarios {
        let scenario = parse_scenario(name)?;
        let mut results: Vec<Vec<Figures>> = vec![vec![]; arguments.servers.len()];
        // Servers take turns, so that a slow minute of a shared machine meets all of them.
        for _ in 0..arguments.rounds {
            for (index, server) in arguments.servers.iter().enumerate() {
                match one_run(&arguments, scenario, server) {
                    Ok(figures) => results[index].push(figures),
                    Err(error) => eprintln!("{name} {server}: {error:#}"),
                }
            }
        }
        for (server, figures) in arguments.servers.iter().zip(&results) {
            print_row(name, server, figures);
        }
    }
    Ok(())
}

fn parse_scenario(name: &str) -> Result<Scenario> {
    let number = |digits: &str| digits.parse().with_context(|| format!("no number in scenario {name}"));
    match (name.strip_prefix("fan"), name.strip_prefix("lessons")) {
        (Some(digits), _) => Ok(Scenario::Fan(number(digits)?)),
        (_, Some(digits)) => Ok(Scenario::Lessons(number(digits)?)),
        _ => bail!("unknown scenario {name}: fanN or lessonsN"),
    }
}

fn one_run(arguments: &Arguments, scenario: Scenario, server: &str) -> Result<Figures> {
    let dir = std::env::temp_dir().join(format!("auftakt-load-{}-{server}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let port = free_port()?;
    let time = Duration::from_secs(arguments.seconds);
    let log = File::create(dir.join("server.log"))?;
    let result = match server {
        "auftakt" => {
            let process =
                Server::start(&auftakt::command(&arguments.program, &dir, port, participant::address()), arguments.server_core, log)?;
            wait_for_port(port).with_context(|| said(&dir))?;
            measure(scenario, &mut Auftakt::connect(&arguments.program, &dir, port)?, &process, time)
        }
        "janus" => {
            let process = Server::start(&janus::command(&dir, port)?, arguments.server_core, log)?;
            wait_for_port(port).with_context(|| said(&dir))?;
            measure(scenario, &mut Janus::connect(port)?, &process, time)
        }
        other => bail!("unknown server {other}: auftakt or janus"),
    };
    // What a failed run left tells why.
    match &result {
        Ok(_) => std::fs::remove_dir_all(&dir)?,
        Err(_) => eprintln!("see {}", dir.display()),
    }
    result
}

/// The server's last line, for the error.
fn said(dir: &Path) -> String {
    let log = std::fs::read_to_string(dir.join("server.log")).unwrap_or_default();
    log.lines().last().unwrap_or("the server said nothing").to_owned()
}

fn measure(scenario: Scenario, sfu: &mut dyn Sfu, process: &Server, time: Duration) -> Result<Figures> {
    scenario::run(scenario, sfu, process, time)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn wait_for_port(port: u16) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if Instant::now() > deadline {
            bail!("the server does not listen on port {port}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn print_row(scenario: &str, server: &str, figures: &[Figures]) {
    let median = |value: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        scenario::quantile(&values, 0.5)
    };
    if figures.is_empty() {
        print_line(&format!("| {scenario} | {server} | fails | | | | | | | | |"));
        return;
    }
    print_line(&format!(
        "| {scenario} | {server} | {:.2} | {:.1} | {:.2} | {:.2} | {:.0} | {:.2} | {:.0} | {:.1} | {:.1} |",
        median(|f| f.cpu_us_per_packet),
        median(|f| f.cpu_percent),
        median(|f| f.latency_p50_ms),
        median(|f| f.latency_p99_ms),
        median(|f| f.packets_per_second),
        median(|f| f.lost_percent),
        median(|f| f.memory_per_receiver_kb),
        median(|f| f.join_p50_ms),
        median(|f| f.join_p95_ms),
    ));
}

#[expect(clippy::print_stdout, reason = "the table is this program's output")]
fn print_line(line: &str) {
    println!("{line}");
}
