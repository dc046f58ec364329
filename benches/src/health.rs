//! Whether a run can be believed: a generator that cannot keep up, or a machine that does other things, measures itself.

use crate::generator::Generator;
use crate::latency::Histogram;
use crate::process::{Server, Usage, core_busy_us, own_cpu_us};
use anyhow::Result;
use std::fmt::Write;
use std::time::Instant;

/// Of its core, in percent. Beyond, queues grow in the generator.
const GENERATOR_CPU_MAX: f64 = 90.0;
/// Half an audio frame: who sends later than that, by itself, sends bursts that no browser would.
const LATENESS_P99_MAX_MS: f64 = 10.0;
/// Percent of the server's core that something else took.
const OTHERS_MAX: f64 = 10.0;

/// Taken when measuring begins.
pub struct Watch {
    started: Instant,
    own_us: u64,
    server: Usage,
    core_us: u64,
    kernel_drops: u64,
}

/// What a watch found.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// The generator's CPU in percent of its core.
    pub generator_cpu: f64,
    /// How much later than due participants had their turn.
    pub lateness_p99_ms: f64,
    /// Datagrams lost in the participants' sockets.
    pub kernel_drops: u64,
    /// Percent of the server's core that was neither idle nor the server.
    pub others: f64,
}

impl Watch {
    /// Begins.
    pub fn start(generator: &mut Generator, server: &Server) -> Result<Self> {
        generator.lateness = Histogram::default();
        Ok(Self {
            started: Instant::now(),
            own_us: own_cpu_us(),
            server: server.usage()?,
            core_us: core_busy_us(server.core)?,
            kernel_drops: generator.kernel_drops(),
        })
    }

    /// Ends.
    pub fn stop(&self, generator: &Generator, server: &Server) -> Result<Health> {
        let elapsed = self.started.elapsed().as_micros() as f64;
        let percent = |us: u64| us as f64 / elapsed * 100.0;
        let server_us = server.usage()?.cpu_us.saturating_sub(self.server.cpu_us);
        let core_us = core_busy_us(server.core)?.saturating_sub(self.core_us);
        Ok(Health {
            generator_cpu: percent(own_cpu_us().saturating_sub(self.own_us)),
            lateness_p99_ms: generator.lateness.quantile_ms(0.99),
            kernel_drops: generator.kernel_drops().saturating_sub(self.kernel_drops),
            others: percent(core_us.saturating_sub(server_us)),
        })
    }
}

impl Health {
    /// Why the figures are not to be believed; empty when they are.
    pub fn doubts(&self) -> String {
        let mut doubts = String::new();
        let mut doubt = |given: bool, text: String| {
            if given {
                let _ = write!(doubts, "{}{text}", if doubts.is_empty() { "" } else { ", " });
            }
        };
        doubt(self.generator_cpu > GENERATOR_CPU_MAX, format!("generator at {:.0} % of its core", self.generator_cpu));
        doubt(self.lateness_p99_ms > LATENESS_P99_MAX_MS, format!("generator {:.0} ms late (p99)", self.lateness_p99_ms));
        doubt(self.kernel_drops > 0, format!("generator lost {} datagrams", self.kernel_drops));
        doubt(self.others > OTHERS_MAX, format!("others took {:.0} % of the server's core", self.others));
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::Health;

    #[test]
    fn a_run_is_believed_only_when_everything_kept_up() {
        let good = Health { generator_cpu: 60.0, lateness_p99_ms: 1.0, kernel_drops: 0, others: 1.0 };
        assert_eq!(good.doubts(), "");
        for bad in [
            Health { generator_cpu: 97.0, ..good.clone() },
            Health { lateness_p99_ms: 25.0, ..good.clone() },
            Health { kernel_drops: 1, ..good.clone() },
            Health { others: 30.0, ..good },
        ] {
            assert!(!bad.doubts().is_empty(), "{bad:?}");
        }
    }
}
