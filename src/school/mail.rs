//! Sends what waits in the queue of [`mails`] through the school's mail server. A mail leaves the queue when that server has taken it, and for no other
//! reason but its own expiry: it may arrive twice (with the same Message-ID), it is not lost.
//!
//! No log line and no problem kept here has an address in it: codes only.

use crate::config::{Mail as MailConfig, MailSecurity};
use crate::store::mails::{self, Mail};
use crate::store::{Moment, Store, StoreError};
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;
use tokio::sync::watch;

/// How often the queue is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Mails of one look.
const BATCH: i64 = 50;
/// How long a mail server may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// After a mail server could not be reached, how long no other mail tries.
const PAUSE: Duration = Duration::from_secs(30);
/// The first wait of a mail that was not taken; each doubles it, up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);
/// With these waits, three days.
const ATTEMPTS_MAX: i64 = 20;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Sends until the server stops. Without a mail server only what expires goes.
pub async fn follow(store: Store, config: Option<MailConfig>, mut stopping: watch::Receiver<bool>) {
    let mut sender = config.and_then(|config| match Sender::new(store.clone(), config) {
        Ok(sender) => Some(sender),
        Err(error) => {
            tracing::error!("mail cannot be sent: {error}");
            None
        }
    });
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let round = async {
            look.tick().await;
            let now = Moment::now();
            drop_expired(&store, now).await?;
            match &mut sender {
                Some(sender) => sender.round(now).await,
                None => Ok(()),
            }
        };
        tokio::select! {
            done = round => if let Err(error) = done {
                tracing::error!("the queue of mails: {error}");
            },
            // What is under way is sent again after the start.
            _ = stopping.wait_for(|stops| *stops) => return,
        }
    }
}

async fn drop_expired(store: &Store, now: Moment) -> Result<(), StoreError> {
    if mails::any_expired(&mut *store.read().await?, now).await? {
        let mut db = store.write().await?;
        mails::drop_expired(&mut db, now).await?;
        db.commit().await?;
    }
    Ok(())
}

/// What became of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Sent,
    /// The mail server does not take this one now.
    Later(String),
    /// The mail server cannot be reached or does not want us: nothing would go now.
    Unreachable(String),
    /// It will never take this one.
    Never(String),
}

struct Sender {
    store: Store,
    config: MailConfig,
    transport: Transport,
    /// Nothing is tried before.
    paused_until: Moment,
}

impl Sender {
    fn new(store: Store, config: MailConfig) -> Result<Self, lettre::transport::smtp::Error> {
        let builder = match config.security {
            MailSecurity::Tls => Transport::relay(&config.server)?,
            MailSecurity::StartTls => Transport::starttls_relay(&config.server)?,
            // Only on this machine: the configuration is checked for it.
            MailSecurity::Off => Transport::builder_dangerous(&config.server),
        };
        let mut builder = builder.port(config.port).timeout(Some(ANSWER_WITHIN)).pool_config(PoolConfig::new().max_size(1));
        if let Some((user, password)) = &config.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { store, transport: builder.build(), config, paused_until: Moment(0) })
    }

    /// Sends what is due.
    async fn round(&mut self, now: Moment) -> Result<(), StoreError> {
        if now < self.paused_until {
            return Ok(());
        }
        let due = mails::due(&mut *self.store.read().await?, now, BATCH).await?;
        for waiting in due {
            let outcome = self.send(&waiting.mail).await;
            let reached = !matches!(outcome, Outcome::Unreachable(_));
            self.note(&waiting.mail, outcome, now).await?;
            if !reached {
                self.paused_until = now.plus(PAUSE);
                break;
            }
        }
        Ok(())
    }

    async fn send(&self, mail: &Mail) -> Outcome {
        let Some(message) = message(mail, &self.config) else { return Outcome::Never("address".to_owned()) };
        match self.transport.send(message).await {
            Ok(_) => Outcome::Sent,
            Err(error) => judge(&error),
        }
    }

    async fn note(&self, mail: &Mail, outcome: Outcome, now: Moment) -> Result<(), StoreError> {
        let mut db = self.store.write().await?;
        match outcome {
            Outcome::Sent => mails::sent(&mut db, mail).await?,
            Outcome::Later(problem) | Outcome::Unreachable(problem) => {
                tracing::warn!("a mail has to wait: {problem}");
                match wait_after(mail.attempts) {
                    Some(wait) => mails::postpone(&mut db, &mail.id, &problem, now.plus(wait)).await?,
                    None => mails::give_up(&mut db, &mail.id, &problem).await?,
                }
            }
            Outcome::Never(problem) => {
                tracing::warn!("a mail was refused for good: {problem}");
                mails::give_up(&mut db, &mail.id, &problem).await?;
            }
        }
        db.commit().await?;
        Ok(())
    }
}

/// How long a mail waits that has failed so often before. `None`: no more.
fn wait_after(attempts: i64) -> Option<Duration> {
    let doublings = u32::try_from(attempts).unwrap_or_default().min(16);
    (attempts + 1 < ATTEMPTS_MAX).then(|| FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT))
}

fn judge(error: &lettre::transport::smtp::Error) -> Outcome {
    let Some(status) = error.status() else {
        let problem = if error.is_timeout() {
            "timeout"
        } else if error.is_tls() {
            "tls"
        } else {
            "unreachable"
        };
        return Outcome::Unreachable(problem.to_owned());
    };
    let problem = format!("smtp_{status}");
    match problem.as_str() {
        // RFC 4954 §6: it is us whom the server does not know, and RFC 5321 §3.8: it goes away. The mail itself is not at fault.
        "smtp_530" | "smtp_534" | "smtp_535" | "smtp_538" | "smtp_421" => Outcome::Unreachable(problem),
        _ if error.is_permanent() => Outcome::Never(problem),
        _ => Outcome::Later(problem),
    }
}

/// RFC 3834 §5: nobody's holiday notice answers it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The mail as it is sent. `None` when its address is none.
fn message(mail: &Mail, config: &MailConfig) -> Option<Message> {
    let to: Address = mail.email.parse().ok()?;
    let builder = Message::builder()
        .from(config.from.clone())
        .to(Mailbox::new(None, to))
        .subject(&mail.subject)
        .date_now()
        // The same at every try: who gets it twice sees it once.
        .message_id(Some(format!("<{}@{}>", mail.id, config.from.email.domain())))
        .header(AutoSubmitted);
    let text = SinglePart::plain(mail.body.clone());
    let message = match &mail.calendar {
        None => builder.singlepart(text),
        Some(calendar) => {
            let method = calendar.lines().find_map(|line| line.strip_prefix("METHOD:")).unwrap_or("PUBLISH");
            let kind = ContentType::parse(&format!("text/calendar; charset=utf-8; method={method}")).ok()?;
            let attachment = Attachment::new("termin.ics".to_owned()).body(calendar.clone(), kind);
            builder.multipart(MultiPart::mixed().singlepart(text).singlepart(attachment))
        }
    };
    message.ok()
}

#[cfg(test)]
mod tests;
