//! Against a mail server that does what the test wants.

use super::*;
use crate::store::MailId;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of the next mail; when nothing is said any more, it is taken.
#[derive(Clone, Copy)]
enum Fate {
    Take,
    /// The answer to RCPT.
    Refuse(u16),
    /// The connection ends when the text has come, before it is acknowledged.
    Break,
    /// The answer to MAIL.
    RefuseUs(u16),
}

#[derive(Clone, Default)]
struct MailServer {
    fates: Arc<Mutex<VecDeque<Fate>>>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    async fn start(fates: &[Fate]) -> (Self, u16) {
        let server = Self { fates: Arc::new(Mutex::new(fates.iter().copied().collect())), taken: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = accepting.clone();
                tokio::spawn(async move { server.speak(stream).await });
            }
        });
        (server, port)
    }

    async fn speak(&self, stream: TcpStream) -> Option<()> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 test\r\n").await.ok()?;
        let mut fate = Fate::Take;
        while let Some(line) = lines.next_line().await.ok()? {
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            if verb == "MAIL" {
                fate = self.fates.lock().expect("a lock").pop_front().unwrap_or(Fate::Take);
            }
            let answer = match (verb.as_str(), fate) {
                ("EHLO", _) => "250-test\r\n250 8BITMIME".to_owned(),
                ("MAIL", Fate::RefuseUs(code)) | ("RCPT", Fate::Refuse(code)) => format!("{code} no"),
                ("DATA", fate) => {
                    writer.write_all(b"354 go on\r\n").await.ok()?;
                    let mut text = String::new();
                    while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                        text += &format!("{line}\n");
                    }
                    if matches!(fate, Fate::Break) {
                        return None;
                    }
                    self.taken.lock().expect("a lock").push(text);
                    "250 taken".to_owned()
                }
                ("QUIT", _) => return None,
                _ => "250 ok".to_owned(),
            };
            writer.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        Some(())
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().expect("a lock").clone()
    }
}

/// With a database of its own, as long as the second is held.
async fn sender(port: u16) -> (Sender, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open_embedded(directory.path()).await.expect("a database");
    let from = "Städtische Musikschule <auftakt@musik.example>".parse().expect("a mailbox");
    let config = MailConfig { server: "127.0.0.1".into(), port, security: MailSecurity::Off, login: None, from };
    (Sender::new(store, config).expect("a transport"), directory)
}

fn mail(email: &str) -> Mail {
    Mail {
        id: MailId::new(),
        person_id: None,
        email: email.into(),
        subject: "Grüße aus der Musikschule".into(),
        body: "Guten Tag,\n\nschöne Grüße.\n".into(),
        calendar: None,
        merge_key: None,
        due_at: Moment(1000),
        attempts: 0,
    }
}

async fn queue(sender: &Sender, mail: &Mail, until: Option<Moment>) {
    let mut db = sender.store.write().await.expect("the database");
    mails::queue_until(&mut db, mail, until).await.expect("queued");
    db.commit().await.expect("written");
}

async fn counts(sender: &Sender) -> (i64, i64) {
    mails::counts(&mut sender.store.read().await.expect("the database")).await.expect("counts")
}

const MINUTE: i64 = 60_000;

#[tokio::test]
async fn a_mail_that_was_taken_leaves_the_queue_and_is_a_proper_mail() {
    let (server, port) = MailServer::start(&[]).await;
    let (mut sender, _data) = sender(port).await;
    let plain = mail("familie@example.org");
    let calendar = Some("BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n".to_owned());
    let invitation = Mail { calendar, ..mail("lehrkraft@example.org") };
    queue(&sender, &plain, None).await;
    queue(&sender, &invitation, None).await;
    sender.round(Moment(999)).await.expect("nothing is due");
    assert_eq!((server.taken().len(), counts(&sender).await), (0, (2, 0)));
    sender.round(Moment(1000)).await.expect("a round");
    assert_eq!(counts(&sender).await, (0, 0));
    let taken = server.taken();
    for part in [
        "From: =?utf-8?b?",
        "To: familie@example.org",
        "Subject: =?utf-8?b?",
        "Date: ",
        &format!("Message-ID: <{}@musik.example>", plain.id),
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(taken[0].contains(part), "{part} is not in {}", taken[0]);
    }
    assert!(taken[1].contains("text/calendar; charset=utf-8; method=CANCEL") && taken[1].contains("termin.ics"), "{}", taken[1]);
}

#[tokio::test]
async fn what_is_not_taken_now_is_tried_again_and_nothing_is_lost() {
    let (server, port) = MailServer::start(&[Fate::Refuse(451), Fate::Break]).await;
    let (mut sender, _data) = sender(port).await;
    queue(&sender, &mail("a@example.org"), None).await;
    sender.round(Moment(1000)).await.expect("451");
    sender.round(Moment(1000 + MINUTE - 1)).await.expect("not due yet");
    assert_eq!((server.taken().len(), counts(&sender).await), (0, (1, 0)));
    sender.round(Moment(1000 + MINUTE)).await.expect("broken off");
    assert_eq!((server.taken().len(), counts(&sender).await), (0, (1, 0)), "not acknowledged is not sent");
    sender.round(Moment(1000 + 3 * MINUTE)).await.expect("taken");
    assert_eq!((server.taken().len(), counts(&sender).await), (1, (0, 0)));
}

#[tokio::test]
async fn what_is_refused_for_good_stays_as_a_problem_that_the_office_can_have_tried_again() {
    let (server, port) = MailServer::start(&[Fate::Refuse(550)]).await;
    let (mut sender, _data) = sender(port).await;
    queue(&sender, &Mail { merge_key: Some("k".into()), ..mail("gone@example.org") }, None).await;
    queue(&sender, &mail("no address"), None).await;
    queue(&sender, &mail("there@example.org"), None).await;
    sender.round(Moment(1000)).await.expect("a round");
    assert_eq!((server.taken().len(), counts(&sender).await), (1, (0, 2)), "one in the way of nobody");
    let failed = mails::failed(&mut sender.store.read().await.expect("the database"), 10).await.expect("problems");
    assert_eq!(failed.iter().map(|failed| failed.problem.as_str()).collect::<Vec<_>>(), ["address", "smtp_550"]);
    queue(&sender, &Mail { merge_key: Some("k".into()), ..mail("gone@example.org") }, None).await;
    assert_eq!(counts(&sender).await, (1, 2), "a later one is tried on its own");
    let mut db = sender.store.write().await.expect("the database");
    mails::retry(&mut db, Moment(2000)).await.expect("again");
    db.commit().await.expect("written");
    sender.round(Moment(2000)).await.expect("a round");
    assert_eq!((server.taken().len(), counts(&sender).await), (3, (0, 1)));
}

#[tokio::test]
async fn a_server_that_does_not_want_us_is_no_fault_of_the_mails() {
    let (server, port) = MailServer::start(&[Fate::RefuseUs(530)]).await;
    let (mut sender, _data) = sender(port).await;
    queue(&sender, &mail("a@example.org"), None).await;
    queue(&sender, &mail("b@example.org"), None).await;
    sender.round(Moment(1000)).await.expect("a round");
    assert_eq!((server.taken().len(), counts(&sender).await), (0, (2, 0)), "the others do not even try");
    sender.round(Moment(1000 + 5 * MINUTE)).await.expect("a round");
    assert_eq!((server.taken().len(), counts(&sender).await), (2, (0, 0)));
}

#[tokio::test]
async fn links_go_first_and_never_late() {
    let (server, port) = MailServer::start(&[]).await;
    let (mut sender, _data) = sender(port).await;
    queue(&sender, &mail("old@example.org"), None).await;
    queue(&sender, &Mail { due_at: Moment(1500), ..mail("link@example.org") }, Some(Moment(9000))).await;
    queue(&sender, &mail("late@example.org"), Some(Moment(1900))).await;
    drop_expired(&sender.store, Moment(2000)).await.expect("dropped");
    sender.round(Moment(2000)).await.expect("a round");
    let taken = server.taken();
    assert_eq!(taken.len(), 2);
    assert!(taken[0].contains("link@example.org") && taken[1].contains("old@example.org"));
}

#[tokio::test]
async fn what_changes_while_it_is_sent_is_sent_again() {
    let (sender, _data) = sender(1).await;
    let first = Mail { merge_key: Some("k".into()), ..mail("a@example.org") };
    queue(&sender, &first, None).await;
    queue(&sender, &Mail { body: "Verlegt".into(), ..first.clone() }, None).await;
    sender.note(&first, Outcome::Sent, Moment(1000)).await.expect("noted");
    assert_eq!(counts(&sender).await, (1, 0));
}

#[test]
fn the_waits_grow_and_end_after_three_days() {
    let waits: Vec<Duration> = (0..).map_while(wait_after).collect();
    assert_eq!((waits[0], waits[1], waits[9]), (FIRST_WAIT, FIRST_WAIT * 2, LONGEST_WAIT));
    let days = waits.iter().sum::<Duration>().as_secs_f64() / 86_400.0;
    assert!((2.5..3.5).contains(&days), "{days}");
}
