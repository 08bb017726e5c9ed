//! How long a build takes, and how that grows: `cargo bench`. Each figure is the median of several runs in one process,
//! reading included, writing not.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark looks at the clock, prints, and ends when something is wrong"
)]

mod workload;

use std::path::Path;
use std::time::{Duration, Instant};

use stackc::check::Demands;
use stackc::compile::compile;
use stackc::emit;
use stackc::source::{Sources, read_input};

const RUNS: usize = 9;

fn main() {
    let folder = std::env::temp_dir().join(format!("stackc-bench-{}", std::process::id()));
    let mut before: Option<Duration> = None;
    for apps in [10, 100, 1_000, 5_000] {
        let stack = folder.join(apps.to_string());
        workload::write(&stack, apps).expect("a temporary folder");
        let mut times: Vec<Duration> = (0..RUNS).map(|_| build(&stack)).collect();
        times.sort();
        let median = times[RUNS / 2];
        let growth = before.map_or(String::new(), |before| {
            format!("  {:.1} times the one before", median.as_secs_f64() / before.as_secs_f64())
        });
        println!("{apps:>5} apps: {:>8.1} ms{growth}", median.as_secs_f64() * 1e3);
        before = Some(median);
    }
    std::fs::remove_dir_all(&folder).expect("the folder just written");
}

fn build(stack: &Path) -> Duration {
    let start = Instant::now();
    let mut sources = Sources::default();
    let input = read_input(stack, &mut sources).expect("the stack just written");
    let compiled = compile(sources, input, Demands::default());
    assert_eq!(compiled.errors, 0, "{:?}", compiled.findings.first());
    let stream: String = emit::stream(&compiled.files, &compiled.objects, None).collect();
    let time = start.elapsed();
    assert!(stream.contains("# stackc: end of "));
    time
}
