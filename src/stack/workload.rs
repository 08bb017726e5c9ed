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
#[serde(expecting = "text or a map")]
pub struct Schedule {
    /// Five fields of cron, or a word such as `@daily`.
    pub cron: Spanned<String>,
    /// The time zone, such as `Europe/Berlin`. Default: the server's.
    #[serde(rename = "timeZone")]
    pub time_zone: Option<Spanned<String>>,
    /// What happens when the last run still goes on. Default: `Forbid`.
    #[serde(rename = "concurrencyPolicy", deserialize_with = "maybe")]
    pub concurrency_policy: Option<ConcurrencyPolicy>,
    /// Whether no new runs start. Default: `false`.
    pub suspend: Option<bool>,
    /// How late a run may start, in seconds.
    #[serde(rename = "startingDeadlineSeconds")]
    pub starting_deadline_seconds: Option<Spanned<u32>>,
    /// Runs that went well and are kept to be looked at. Default: `3`.
    #[serde(rename = "successfulJobsHistoryLimit")]
    pub successful_jobs_history_limit: Option<Spanned<u32>>,
    /// Runs that failed and are kept to be looked at. Default: `1`.
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
    /// Tries after which it has failed. Default: `6`.
    #[serde(rename = "backoffLimit")]
    pub backoff_limit: Option<Spanned<u32>>,
    /// Pods that must end well. Default: `1`.
    pub completions: Option<Spanned<u32>>,
    /// Pods at a time. Default: `1`.
    pub parallelism: Option<Spanned<u32>>,
    /// Seconds after which it has failed. Default: no limit.
    #[serde(rename = "activeDeadlineSeconds")]
    pub active_deadline_seconds: Option<Spanned<u32>>,
    /// Seconds from its end to its removal. Default: it stays.
    #[serde(rename = "ttlSecondsAfterFinished")]
    pub ttl_seconds_after_finished: Option<Spanned<u32>>,
    /// Whether a container that failed is started again in its pod. Default: `OnFailure`.
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
