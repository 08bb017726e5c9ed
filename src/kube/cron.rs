//! Schedules of CronJobs, as Kubernetes reads them: robfig/cron's standard parser and Go's time zones.

use std::ops::RangeInclusive;

use crate::finding::nearest;

/// Words for common schedules.
const WORDS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A field: its name, its numbers, and words for them, the first for the lowest number.
type Field = (&'static str, RangeInclusive<usize>, &'static [&'static str]);

const FIELDS: [Field; 5] = [
    ("minute", 0..=59, &[]),
    ("hour", 0..=23, &[]),
    ("day of month", 1..=31, &[]),
    ("month", 1..=12, MONTHS),
    ("day of week", 0..=6, DAYS),
];

/// Names of the time zones of tzdata 2025b, as the API server's own copy (`time/tzdata`) has them.
const ZONES: &str = include_str!("zones.txt");

/// Whether a schedule can be read.
///
/// # Errors
/// The reason, in a user's words.
pub fn schedule(cron: &str) -> Result<(), String> {
    if cron.starts_with("TZ=") || cron.starts_with("CRON_TZ=") {
        return Err("a time zone inside of the schedule is refused by Kubernetes".to_owned());
    }
    let fields: Vec<&str> = cron.split_whitespace().collect();
    match fields.as_slice() {
        [word] if WORDS.contains(word) => Ok(()),
        ["@every", _] => Ok(()),
        fields if fields.len() == FIELDS.len() => fields
            .iter()
            .zip(&FIELDS)
            .try_for_each(|(text, field)| text.split(',').try_for_each(|part| one(part, field))),
        _ => {
            Err("five fields: minute, hour, day of month, month, day of week; or @daily, @hourly …"
                .to_owned())
        }
    }
}

/// One of the parts between commas: `*`, `N`, `N-M`, each with `/STEP` or without.
fn one(part: &str, field: &Field) -> Result<(), String> {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if let Some(step) = step.filter(|step| !step.parse::<u32>().is_ok_and(|step| step > 0)) {
        return Err(format!("{}: `{step}` is no step", field.0));
    }
    if ["*", "?"].contains(&range) {
        return Ok(());
    }
    match range.split_once('-') {
        None => number(range, field).map(drop),
        Some((from, to)) if number(from, field)? <= number(to, field)? => Ok(()),
        Some(_) => Err(format!("{}: `{range}` ends before it begins", field.0)),
    }
}

fn number(text: &str, (name, numbers, words): &Field) -> Result<usize, String> {
    let word = words.iter().position(|word| text.eq_ignore_ascii_case(word));
    let found = word.map(|index| index.saturating_add(*numbers.start())).or_else(|| text.parse().ok());
    found
        .filter(|number| numbers.contains(number))
        .ok_or_else(|| format!("{name}: `{text}` is not one of {} to {}", numbers.start(), numbers.end()))
}

/// Whether there is such a time zone.
///
/// # Errors
/// The reason, or what may be meant.
pub fn zone(name: &str) -> Result<(), String> {
    if ZONES.lines().any(|zone| zone == name) {
        return Ok(());
    }
    Err(match nearest(name, ZONES.lines()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "it is no time zone, such as Europe/Berlin".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{schedule, zone};

    #[test]
    fn what_kubernetes_takes() {
        for cron in
            ["0 3 * * *", "*/5 0-6 1,15 jan-MAR ?", "0 0 * * sun", "@daily", "@every 1h", "5/10 * * * 1-5/2"]
        {
            assert_eq!(schedule(cron), Ok(()), "{cron}");
        }
    }

    #[test]
    fn what_it_refuses() {
        for cron in ["61 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *"] {
            assert!(schedule(cron).is_err(), "{cron}");
        }
        for cron in [
            "",
            "* * * *",
            "0 0 3 * * *",
            "*/0 * * * *",
            "a * * * *",
            "1,,2 * * * *",
            "@reboot",
            "* * * * 1#2",
        ] {
            assert!(schedule(cron).is_err(), "{cron}");
        }
    }
    #[test]
    fn zones() {
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3", "EST5EDT"] {
            assert_eq!(zone(name), Ok(()), "{name}");
        }
        assert_eq!(zone("europe/berlin"), Err("did you mean `Europe/Berlin`?".into()));
        assert_eq!(zone("Europe/Berln"), Err("did you mean `Europe/Berlin`?".into()));
        for name in ["", "Local", "Europe", "CEST", "+02:00", "../etc/passwd"] {
            assert!(zone(name).is_err(), "{name}");
        }
    }
}
