//! Kinds of workload, and when jobs run and end.

use serde::Deserialize;

use crate::yaml::{Spanned, maybe};

/// Kubernetes' kind of workload.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum Workload {
    Deployment,
    StatefulSet,
    DaemonSet,
    CronJob,
    Job,
}

impl Workload {
    /// Whether its pods end by themselves.
    pub fn ends(self) -> bool {
        matches!(self, Workload::CronJob | Workload::Job)
    }

    /// Kubernetes' word.
    pub fn word(self) -> &'static str {
        match self {
            Workload::Deployment => "Deployment",
            Workload::StatefulSet => "StatefulSet",
            Workload::DaemonSet => "DaemonSet",
            Workload::CronJob => "CronJob",
            Workload::Job => "Job",
        }
    }
}

/// When a CronJob runs.
#[derive(Clone, Debug, Deserialize)]
pub struct Schedule {
    /// Five fields of cron, or a word such as `@daily`.
    pub cron: Spanned<String>,
    /// Such as `Europe/Berlin`; default: the server's.
    #[serde(rename = "timeZone")]
    pub time_zone: Option<Spanned<String>>,
    /// What happens when the last run goes on; `Forbid`.
    #[serde(rename = "concurrencyPolicy", deserialize_with = "maybe")]
    pub concurrency_policy: Option<ConcurrencyPolicy>,
    /// True: no new runs.
    pub suspend: Option<bool>,
    /// How late a run may start (seconds).
    #[serde(rename = "startingDeadlineSeconds")]
    pub starting_deadline_seconds: Option<Spanned<u32>>,
    /// Runs that went well and stay to be looked at.
    #[serde(rename = "successfulJobsHistoryLimit")]
    pub successful_jobs_history_limit: Option<Spanned<u32>>,
    /// Runs that failed and stay to be looked at.
    #[serde(rename = "failedJobsHistoryLimit")]
    pub failed_jobs_history_limit: Option<Spanned<u32>>,
}

/// What happens when a CronJob's last run goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum ConcurrencyPolicy {
    Allow,
    Forbid,
    Replace,
}

/// How a Job ends.
#[derive(Clone, Debug, Deserialize)]
pub struct JobFile {
    /// Tries before it has failed.
    #[serde(rename = "backoffLimit")]
    pub backoff_limit: Option<Spanned<u32>>,
    /// Pods that must end well.
    pub completions: Option<Spanned<u32>>,
    /// Pods at a time.
    pub parallelism: Option<Spanned<u32>>,
    /// Seconds after which it has failed.
    #[serde(rename = "activeDeadlineSeconds")]
    pub active_deadline_seconds: Option<Spanned<u32>>,
    /// Seconds after which it is removed.
    #[serde(rename = "ttlSecondsAfterFinished")]
    pub ttl_seconds_after_finished: Option<Spanned<u32>>,
    /// `OnFailure` or `Never`; `OnFailure`.
    #[serde(rename = "restartPolicy", deserialize_with = "maybe")]
    pub restart_policy: Option<RestartPolicy>,
}

/// Whether a failed container of a job is started again in its pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum RestartPolicy {
    OnFailure,
    Never,
}
