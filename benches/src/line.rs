//! Which numbers of a series arrived: the loss figures' ground.

/// How far back a number may still come, by retransmission.
const WINDOW: u64 = 4096;
const WORDS: usize = (WINDOW / 64) as usize;

/// What a number turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The next, or a later one.
    New,
    /// One that was missing: sent again, or overtaken.
    Recovered,
    /// Before the part that counts, after it, or seen before.
    Ignored,
}

/// One continuous series of numbers, of which a part counts.
#[derive(Debug, Default)]
pub struct Series {
    /// Numbers before this do not count.
    first: Option<u64>,
    /// One past the highest seen.
    next: u64,
    /// Nothing from here on counts.
    end: Option<u64>,
    arrived: u64,
    recovered: u64,
    /// Of the last [`WINDOW`] numbers before `next`, by their remainder. Made with the first number.
    bits: Vec<u64>,
}

impl Series {
    /// Notes a number.
    pub fn see(&mut self, number: u64) -> Seen {
        if self.bits.is_empty() {
            self.bits = vec![0; WORDS];
            self.next = number;
        }
        let first = *self.first.get_or_insert(number);
        if self.end.is_some_and(|end| number >= end) {
            return Seen::Ignored;
        }
        if number >= self.next {
            // A jump over the whole window leaves nothing of it.
            (self.next.max((number + 1).saturating_sub(WINDOW))..number).for_each(|missing| self.clear(missing));
            self.set(number);
            self.next = number + 1;
            self.arrived += u64::from(number >= first);
            return if number >= first { Seen::New } else { Seen::Ignored };
        }
        if number < first || number + WINDOW < self.next || self.has(number) {
            return Seen::Ignored;
        }
        self.set(number);
        self.arrived += 1;
        self.recovered += 1;
        Seen::Recovered
    }

    /// From now on only numbers not reached yet count.
    pub fn restart(&mut self) {
        self.first = (!self.bits.is_empty()).then_some(self.next);
        (self.end, self.arrived, self.recovered) = (None, 0, 0);
    }

    /// From now on exactly the numbers from `first` count.
    pub fn restart_at(&mut self, first: u64) {
        *self = Self { first: Some(first), next: first, bits: vec![0; WORDS], ..Self::default() };
    }

    /// What comes after the highest number seen so far no longer counts; what is missing may still come.
    pub fn close(&mut self) {
        self.end = Some(self.next);
    }

    /// Numbers from `end` on do not count, whether or not the series got so far.
    pub fn close_at(&mut self, end: u64) {
        self.end = Some(end);
    }

    /// How many numbers the part that counts has, up to its end or the highest seen.
    pub fn expected(&self) -> u64 {
        self.first.map_or(0, |first| self.end.unwrap_or(self.next).saturating_sub(first))
    }

    /// How many of them arrived.
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    /// How many of those out of turn.
    pub fn recovered(&self) -> u64 {
        self.recovered
    }

    fn has(&self, number: u64) -> bool {
        self.bits[(number % WINDOW / 64) as usize] >> (number % 64) & 1 == 1
    }

    fn set(&mut self, number: u64) {
        self.bits[(number % WINDOW / 64) as usize] |= 1 << (number % 64);
    }

    fn clear(&mut self, number: u64) {
        self.bits[(number % WINDOW / 64) as usize] &= !(1 << (number % 64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(series: &Series) -> (u64, u64, u64) {
        (series.expected(), series.arrived(), series.recovered())
    }

    fn see_all(series: &mut Series, numbers: &[u64]) {
        for number in numbers {
            series.see(*number);
        }
    }

    #[test]
    fn gaps_count_until_they_are_filled_and_nothing_counts_twice() {
        let mut series = Series::default();
        see_all(&mut series, &[100, 101, 104]);
        assert_eq!(counts(&series), (5, 3, 0));
        assert_eq!([102, 102, 99].map(|n| series.see(n)), [Seen::Recovered, Seen::Ignored, Seen::Ignored]);
        assert_eq!(counts(&series), (5, 4, 1));
    }

    #[test]
    fn only_the_part_between_restart_and_close_counts() {
        let mut series = Series::default();
        see_all(&mut series, &[1, 2, 4]);
        series.restart();
        assert_eq!(series.see(3), Seen::Ignored, "it was missing before");
        see_all(&mut series, &[5, 6, 8]);
        series.close();
        assert_eq!([9, 7].map(|n| series.see(n)), [Seen::Ignored, Seen::Recovered]);
        assert_eq!(counts(&series), (4, 4, 1));
    }

    #[test]
    fn a_series_with_given_ends_misses_what_never_came() {
        let mut series = Series::default();
        series.restart_at(10);
        see_all(&mut series, &[8, 12]);
        series.close_at(15);
        assert_eq!(counts(&series), (5, 1, 0));
    }

    #[test]
    fn a_window_is_not_mistaken_for_the_one_before_it() {
        let mut series = Series::default();
        for n in 0..WINDOW {
            series.see(n);
        }
        series.see(3 * WINDOW);
        assert_eq!(series.see(3 * WINDOW - 1), Seen::Recovered);
        assert_eq!(series.see(1), Seen::Ignored);
        assert_eq!(counts(&series), (3 * WINDOW + 1, WINDOW + 2, 1));
    }
}
