//! Loads the server with WebRTC participants and, beside it in the same run, Janus; prints tables.

use anyhow::{Context, Result, bail};
use auftakt_benches::auftakt::{self, Auftakt};
use auftakt_benches::janus::{self, Janus};
use auftakt_benches::measure::{Figures, quantile};
use auftakt_benches::process::{NETWORK_ADDRESS, Server, enter_own_network, pin_to_core};
use auftakt_benches::scenario::Scenario;
use auftakt_benches::{conference, participant, scenario, soak, storm};
use clap::Parser;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Measures CPU, latency, loss, memory and joining time of a media server under load.
///
/// Ends with 1 when an aim of a storm or a soak is missed or a run fails, with 2 when a run is not to be believed.
#[derive(Parser)]
struct Arguments {
    /// The server's program.
    #[arg(long, default_value = "target/release/auftakt")]
    program: PathBuf,
    /// Situations: fanN, lessonsN, roomsNxM, confN, mixedN+M (lessons and people of a conference), stormN, soakN.
    #[arg(long, value_delimiter = ',', default_value = "fan10,fan100,lessons20")]
    scenarios: Vec<String>,
    /// Servers to compare; conferences, storms and soaks are for this server alone.
    #[arg(long, value_delimiter = ',', default_value = "auftakt,janus")]
    servers: Vec<String>,
    /// Rounds; the table shows medians.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds measured in each run.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// A soak's longest time.
    #[arg(long, default_value_t = 10)]
    soak_minutes: u64,
    /// Core of the server; the generator takes the other.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// Core of the generator.
    #[arg(long, default_value_t = 1)]
    generator_core: usize,
}

/// One of the command line's scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Compare(Scenario),
    Conference(conference::Plan),
    Storm(usize),
    Soak(usize),
}

/// How bad it is, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Good,
    Doubtful,
    Missed,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let scenarios: Vec<(String, Wanted)> =
        arguments.scenarios.iter().map(|name| Ok((name.clone(), parse_scenario(name)?))).collect::<Result<_>>()?;
    let address = if enter_own_network() { NETWORK_ADDRESS } else { "127.0.0.1" };
    participant::set_address(address.parse()?);
    pin_to_core(arguments.generator_core);
    let mut worst = Verdict::Good;
    let mut table = "";
    let mut growth = Growth::default();
    for (name, wanted) in scenarios {
        let head = match wanted {
            Wanted::Compare(_) | Wanted::Conference(_) => COMPARED,
            Wanted::Storm(_) => STORMS,
            Wanted::Soak(_) => SOAKS,
        };
        if std::mem::replace(&mut table, head) != head {
            print_line(&format!("\n{head}\n|{}", "---|".repeat(head.matches('|').count() - 1)));
        }
        let verdict = match wanted {
            Wanted::Storm(count) => storms(&arguments, &name, count),
            Wanted::Soak(count) => soaked(&arguments, &name, count),
            wanted => compare(&arguments, &name, wanted, &mut growth),
        };
        worst = worst.max(verdict);
    }
    growth.print();
    Ok(ExitCode::from(match worst {
        Verdict::Good => 0,
        Verdict::Missed => 1,
        Verdict::Doubtful => 2,
    }))
}

fn parse_scenario(name: &str) -> Result<Wanted> {
    let digits_at = name.find(|letter: char| letter.is_ascii_digit()).with_context(|| format!("no number in scenario {name}"))?;
    let (kind, size) = name.split_at(digits_at);
    let number = |digits: &str| digits.parse::<usize>().with_context(|| format!("no number in scenario {name}"));
    let pair = |between: char| {
        let (first, second) = size.split_once(between).with_context(|| format!("scenario {name} needs two numbers"))?;
        Ok::<_, anyhow::Error>((number(first)?, number(second)?))
    };
    Ok(match kind {
        "fan" => Wanted::Compare(Scenario::Fan(number(size)?)),
        "lessons" => Wanted::Compare(Scenario::Rooms(number(size)?, 2)),
        "rooms" => pair('x').map(|(rooms, people)| Wanted::Compare(Scenario::Rooms(rooms, people)))?,
        "conf" => Wanted::Conference(conference::Plan { people: number(size)?, lessons: 0 }),
        "mixed" => pair('+').map(|(lessons, people)| Wanted::Conference(conference::Plan { people, lessons }))?,
        "storm" => Wanted::Storm(number(size)?),
        "soak" => Wanted::Soak(number(size)?),
        _ => bail!("unknown scenario {name}: see --help"),
    })
}

const COMPARED: &str = "| scenario | server | CPU µs/packet | CPU % | p50 ms | p99 ms | sound p99 ms | packets/s | lost % | kB/receiver | join p50 ms | join p95 ms | generator % | valid |";
const STORMS: &str = "| scenario | in p50 s | in p95 s | all in s | all see s | sound missing % | sound late % | worst listener % | CPU % | generator % | valid | aims |";
const SOAKS: &str =
    "| scenario | joined | connected | failed | seconds | RSS at start kB | warmed up | halfway | at the end | growth % | held | aims |";

/// A server that was started for one run, in a directory of its own.
struct Started {
    process: Server,
    dir: PathBuf,
    port: u16,
    admin: u16,
}

impl Started {
    fn new(arguments: &Arguments, server: &str) -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("auftakt-load-{}-{server}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let (port, admin) = (free_port()?, free_port()?);
        let command = match server {
            "auftakt" => auftakt::command(&arguments.program, &dir, port, admin, participant::address()),
            "janus" => janus::command(&dir, port)?,
            other => bail!("unknown server {other}: auftakt or janus"),
        };
        let process = Server::start(&command, arguments.server_core, File::create(dir.join("server.log"))?)?;
        wait_for_port(port).with_context(|| said(&dir))?;
        Ok(Self { process, dir, port, admin })
    }

    fn auftakt(&self, arguments: &Arguments) -> Result<Auftakt> {
        Auftakt::connect(&arguments.program, &self.dir, self.port)
    }

    /// Keeps what a failed run left: it tells why.
    fn end<T>(self, result: Result<T>) -> Result<T> {
        match &result {
            Ok(_) => std::fs::remove_dir_all(&self.dir)?,
            Err(_) => eprintln!("see {}", self.dir.display()),
        }
        result
    }
}

/// Servers take turns, so that a slow minute of a shared machine meets all of them.
fn compare(arguments: &Arguments, name: &str, wanted: Wanted, growth: &mut Growth) -> Verdict {
    let ours_only = matches!(wanted, Wanted::Conference(_));
    let servers: Vec<&String> = arguments.servers.iter().filter(|server| !ours_only || *server == "auftakt").collect();
    let mut results: Vec<Vec<Figures>> = vec![vec![]; servers.len()];
    let mut worst = Verdict::Good;
    for round in 1..=arguments.rounds {
        for (index, server) in servers.iter().enumerate() {
            match one_run(arguments, wanted, server) {
                Ok(figures) => {
                    eprintln!("{name} {server}, round {round}: {}", figures.notes);
                    if !figures.doubts.is_empty() {
                        worst = worst.max(Verdict::Doubtful);
                        eprintln!("{name} {server}, round {round} is INVALID: {}", figures.doubts);
                    }
                    results[index].push(figures);
                }
                Err(error) => {
                    worst = Verdict::Missed;
                    eprintln!("{name} {server}, round {round} fails: {error:#}");
                }
            }
        }
    }
    for (server, figures) in servers.iter().zip(&results) {
        if let Some((packet, percent)) = print_row(name, server, figures)
            && let Wanted::Conference(conference::Plan { people, lessons: 0 }) = wanted
        {
            growth.0.push((people, packet, percent / people as f64));
        }
    }
    worst
}

fn one_run(arguments: &Arguments, wanted: Wanted, server: &str) -> Result<Figures> {
    let started = Started::new(arguments, server)?;
    let time = Duration::from_secs(arguments.seconds);
    let (process, admin) = (&started.process, started.admin);
    let result = match (wanted, server) {
        (Wanted::Conference(plan), _) => {
            started.auftakt(arguments).and_then(|mut server| conference::run(plan, &mut server, process, admin, time))
        }
        (Wanted::Compare(scenario), "auftakt") => {
            started.auftakt(arguments).and_then(|mut server| scenario::run(scenario, &mut server, process, Some(admin), time))
        }
        (Wanted::Compare(scenario), _) => {
            Janus::connect(started.port).and_then(|mut server| scenario::run(scenario, &mut server, process, None, time))
        }
        (Wanted::Storm(_) | Wanted::Soak(_), _) => bail!("nothing to compare"),
    };
    started.end(result)
}

fn storms(arguments: &Arguments, name: &str, count: usize) -> Verdict {
    let mut worst = Verdict::Good;
    for round in 1..=arguments.rounds {
        let result = Started::new(arguments, "auftakt").and_then(|started| {
            let figures = started.auftakt(arguments).and_then(|server| storm::run(count, &server, &started.process));
            started.end(figures)
        });
        match result {
            Ok(figures) => {
                print_line(&format!(
                    "| {name} | {:.2} | {:.2} | {:.2} | {:.2} | {:.3} | {:.3} | {:.3} | {:.0} | {:.0} | {} | {} |",
                    figures.in_p50_s,
                    figures.in_p95_s,
                    figures.all_in_s,
                    figures.all_see_s,
                    figures.missing_percent,
                    figures.late_percent,
                    figures.worst_percent,
                    figures.cpu_percent,
                    figures.generator_percent,
                    valid(&figures.doubts),
                    if figures.aims_met() { "met" } else { "MISSED" },
                ));
                eprintln!("{name}, round {round}: {}", figures.notes);
                let verdict = match (figures.aims_met(), figures.doubts.is_empty()) {
                    (_, false) => Verdict::Doubtful,
                    (true, true) => Verdict::Good,
                    (false, true) => Verdict::Missed,
                };
                worst = worst.max(verdict);
            }
            Err(error) => {
                worst = Verdict::Missed;
                eprintln!("{name}, round {round} fails: {error:#}");
            }
        }
    }
    worst
}

fn soaked(arguments: &Arguments, name: &str, count: usize) -> Verdict {
    let limit = Duration::from_secs(arguments.soak_minutes * 60);
    let result = Started::new(arguments, "auftakt").and_then(|started| {
        let figures = started.auftakt(arguments).and_then(|server| soak::run(count, limit, &server, &started.process, started.admin));
        started.end(figures)
    });
    match result {
        Ok(figures) => {
            let [start, warm, half, end] = figures.rss_kb;
            print_line(&format!(
                "| {name} | {} | {} | {} | {:.0} | {start} | {warm} | {half} | {end} | {:.1} | {} | {} |",
                figures.joined,
                figures.connected,
                figures.failed,
                figures.seconds,
                figures.growth(),
                if figures.held.is_empty() { "nothing" } else { &figures.held },
                if figures.aims_met() { "met" } else { "MISSED" },
            ));
            eprintln!("{name}: {}", figures.notes);
            if figures.aims_met() { Verdict::Good } else { Verdict::Missed }
        }
        Err(error) => {
            eprintln!("{name} fails: {error:#}");
            Verdict::Missed
        }
    }
}

/// The server's last line, for the error.
fn said(dir: &Path) -> String {
    let log = std::fs::read_to_string(dir.join("server.log")).unwrap_or_default();
    log.lines().last().unwrap_or("the server said nothing").to_owned()
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

/// Medians of the rounds that are to be believed, or of all when none is. Returns the CPU time per packet
/// and the CPU in percent of believable ones.
fn print_row(scenario: &str, server: &str, all: &[Figures]) -> Option<(f64, f64)> {
    if all.is_empty() {
        print_line(&format!("| {scenario} | {server} | fails |{}", " |".repeat(11)));
        return None;
    }
    let believed: Vec<&Figures> = all.iter().filter(|figures| figures.doubts.is_empty()).collect();
    let figures = if believed.is_empty() { all.iter().collect() } else { believed.clone() };
    let median = |value: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(|figures| value(figures)).collect();
        values.sort_by(f64::total_cmp);
        quantile(&values, 0.5)
    };
    let validity = match believed.len() {
        0 => valid(&all[0].doubts),
        some if some == all.len() => "yes".to_owned(),
        some => format!("{some} of {}", all.len()),
    };
    print_line(&format!(
        "| {scenario} | {server} | {:.2} | {:.1} | {:.2} | {:.2} | {:.2} | {:.0} | {:.3} | {:.0} | {:.1} | {:.1} | {:.0} | {validity} |",
        median(|f| f.cpu_us_per_packet),
        median(|f| f.cpu_percent),
        median(|f| f.latency_p50_ms),
        median(|f| f.latency_p99_ms),
        median(|f| f.sound_p99_ms),
        median(|f| f.packets_per_second),
        median(|f| f.lost_percent),
        median(|f| f.memory_per_receiver_kb),
        median(|f| f.join_p50_ms),
        median(|f| f.join_p95_ms),
        median(|f| f.generator_percent),
    ));
    (!believed.is_empty()).then(|| (median(|f| f.cpu_us_per_packet), median(|f| f.cpu_percent)))
}

fn valid(doubts: &str) -> String {
    if doubts.is_empty() { "yes".to_owned() } else { format!("INVALID: {doubts}") }
}

/// What conferences of different sizes cost: people, CPU per packet, CPU per participant.
#[derive(Default)]
struct Growth(Vec<(usize, f64, f64)>);

impl Growth {
    fn print(&self) {
        let [(first, packet, participant), rest @ ..] = self.0.as_slice() else { return };
        if rest.is_empty() {
            return;
        }
        print_line(&format!("\n| people | CPU per packet | CPU per participant |\n|---|---|---|\n| {first} | 1 | 1 |"));
        for (people, its_packet, its_participant) in rest {
            print_line(&format!("| {people} | {:.2} | {:.2} |", its_packet / packet, its_participant / participant));
        }
    }
}

#[expect(clippy::print_stdout, reason = "the table is this program's output")]
fn print_line(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_read() {
        for (name, wanted) in [
            ("fan100", Wanted::Compare(Scenario::Fan(100))),
            ("lessons20", Wanted::Compare(Scenario::Rooms(20, 2))),
            ("rooms10x5", Wanted::Compare(Scenario::Rooms(10, 5))),
            ("conf40", Wanted::Conference(conference::Plan { people: 40, lessons: 0 })),
            ("mixed36+20", Wanted::Conference(conference::Plan { people: 20, lessons: 36 })),
            ("storm100", Wanted::Storm(100)),
            ("soak10000", Wanted::Soak(10_000)),
        ] {
            assert_eq!(parse_scenario(name).ok(), Some(wanted), "{name}");
        }
        for name in ["conf", "rooms5", "party7", "mixed3+x"] {
            assert!(parse_scenario(name).is_err(), "{name}");
        }
    }
}
