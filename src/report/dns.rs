//! DNS records: as a zone file, which can be pasted or imported whole, and for machines.

use std::fmt::Write;
use std::net::IpAddr;

use serde::Serialize;

use super::json::document;
use super::text::harmless;
use crate::reach::Record;
use crate::reach::Records;

/// Seconds for which others remember a record, where it matters; Cloudflare reads 1 as its own choice.
const REMEMBERED: u32 = 300;

/// Lines of a zone file. What is no record is a comment, so that the whole can be imported; behind each record stands its
/// node, and for Cloudflare's import whether it is proxied.
pub fn text(records: &Records<'_>) -> String {
    let ttl = if records.cloudflare { 1 } else { REMEMBERED };
    let name = |record: &Record<'_>| format!("{}.", record.name);
    let width = |of: &dyn Fn(&Record<'_>) -> usize| records.records.iter().map(of).max().unwrap_or(0);
    let (names, addresses) = (width(&|one| name(one).len()), width(&|one| one.address.to_string().len()));
    let mut text = String::new();
    for record in &records.records {
        let tag = match record.proxied {
            _ if !records.cloudflare => "",
            true => " cf_tags=cf-proxied:true",
            false => " cf_tags=cf-proxied:false",
        };
        let (name, kind, address) = (name(record), kind(record.address), record.address.to_string());
        let node = harmless(record.node);
        let _ = writeln!(text, "{name:<names$}  {ttl}  IN  {kind:<4}  {address:<addresses$}  ; {node}{tag}");
    }
    for (way, known) in &records.unnamed {
        let known: Vec<String> =
            known.iter().map(|(address, node)| format!("{address} ({})", harmless(node))).collect();
        let known = if known.is_empty() { "no known address".to_owned() } else { known.join(", ") };
        let _ = writeln!(text, "; any name: {} at {known}", harmless(way));
    }
    for name in &records.lost {
        let _ = writeln!(text, "; no known address: {name}.");
    }
    for note in &records.notes {
        let _ = writeln!(text, "; note: {}", harmless(note));
    }
    if text.is_empty() { "; nothing in this stack is reached from outside\n".to_owned() } else { text }
}

fn kind(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "A" } else { "AAAA" }
}

#[derive(Serialize)]
struct Zone<'a> {
    version: u32,
    records: Vec<Row<'a>>,
    unnamed: Vec<Unnamed<'a>>,
    without_address: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    r#type: &'static str,
    address: IpAddr,
    node: &'a str,
    proxied: bool,
}

#[derive(Serialize)]
struct Unnamed<'a> {
    way: &'a str,
    addresses: Vec<Address<'a>>,
}

#[derive(Serialize)]
struct Address<'a> {
    address: IpAddr,
    node: &'a str,
}

/// The same for machines.
pub fn json(records: &Records<'_>) -> String {
    let rows = records.records.iter().map(|record| Row {
        name: &record.name,
        r#type: kind(record.address),
        address: record.address,
        node: record.node,
        proxied: record.proxied,
    });
    let unnamed = records.unnamed.iter().map(|(way, known)| Unnamed {
        way,
        addresses: known.iter().map(|(address, node)| Address { address: *address, node }).collect(),
    });
    let zone = Zone {
        version: super::SCHEMA_VERSION,
        records: rows.collect(),
        unnamed: unnamed.collect(),
        without_address: &records.lost,
        notes: &records.notes,
    };
    document(&zone)
}
