//! The table of workloads by nodes.

use serde::Serialize;

use super::json::document;

/// A workload, and for each node why it cannot land there, if it cannot.
pub struct Placement<'a> {
    /// `Deployment default/minio`.
    pub workload: String,
    /// In the order of the columns; none = it may land.
    pub nodes: Vec<Option<&'a str>>,
}

/// A table, then the reasons.
pub fn text(columns: &[(&str, &str)], rows: &[Placement<'_>]) -> String {
    if rows.is_empty() {
        return "no workloads\n".to_owned();
    }
    let first = rows.iter().map(|row| row.workload.len()).max().unwrap_or(0);
    let width = |(name, platform): &(&str, &str)| name.len().max(platform.len()).max("may land".len());
    let line = |start: &str, cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = columns
            .iter()
            .zip(cells)
            .map(|(column, cell)| format!("{cell:<width$}", width = width(column)))
            .collect();
        let line = format!("{start:<first$}  {}", cells.join("  "));
        format!("{}\n", line.trim_end())
    };
    let mut text = line("", &mut columns.iter().map(|(name, _)| *name));
    text.push_str(&line("", &mut columns.iter().map(|(_, platform)| *platform)));
    for row in rows {
        text.push_str(&line(
            &row.workload,
            &mut row.nodes.iter().map(|why| if why.is_none() { "may land" } else { "-" }),
        ));
    }
    let reasons: String = rows.iter().map(|row| reasons(columns, row)).collect();
    if !reasons.is_empty() {
        text.push_str("\nwhy not elsewhere:\n");
        text.push_str(&reasons);
    }
    text
}

fn reasons(columns: &[(&str, &str)], row: &Placement<'_>) -> String {
    let shut = columns.iter().zip(&row.nodes).filter_map(|((name, _), why)| why.map(|why| (name, why)));
    shut.map(|(name, why)| format!("  {}: {name} {why}\n", row.workload)).collect()
}

#[derive(Serialize)]
struct Table<'a> {
    version: u32,
    workloads: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    workload: &'a str,
    nodes: Vec<Cell<'a>>,
}

#[derive(Serialize)]
struct Cell<'a> {
    node: &'a str,
    arch: &'a str,
    may_land: bool,
    why_not: Option<&'a str>,
}

/// The same for machines.
pub fn json(columns: &[(&str, &str)], rows: &[Placement<'_>]) -> String {
    let workloads = rows.iter().map(|row| Row {
        workload: &row.workload,
        nodes: columns
            .iter()
            .zip(&row.nodes)
            .map(|((node, arch), why)| Cell { node, arch, may_land: why.is_none(), why_not: *why })
            .collect(),
    });
    let table = Table { version: super::SCHEMA_VERSION, workloads: workloads.collect() };
    document(&table)
}
