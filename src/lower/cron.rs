//! Schedules of CronJobs.

use crate::finding::Findings;
use crate::kube::cron;
use crate::stack::Schedule;
use crate::stack::value_invalid;

/// Tells a schedule that the API server refuses.
pub(super) fn check(schedule: &Schedule, found: &mut Findings) {
    let cron = &schedule.cron;
    if let Err(reason) = cron::schedule(&cron.value) {
        found.push(
            value_invalid(cron.span, format!("`{}` is no cron schedule", cron.value))
                .note(reason)
                .help("schedule: {cron: \"0 3 * * *\", timeZone: Europe/Berlin}"),
        );
        found.give_up(cron.span);
    }
}
