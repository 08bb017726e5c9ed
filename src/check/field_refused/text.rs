//! What text some fields take: each rule answers with a reason that has no subject. Empty text is absent.

use std::net::IpAddr;

use data_encoding::BASE64_MIME_PERMISSIVE;
use ipnet::IpNet;

use crate::finding::{list, nearest};
use crate::kube::{Quantity, cron as crons, names};

/// Anything, as long as it is text.
#[expect(clippy::unnecessary_wraps, reason = "a rule among others")]
pub(super) fn any(_: &str) -> Result<(), String> {
    Ok(())
}

/// An amount, not below nothing.
pub(super) fn quantity(text: &str) -> Result<(), String> {
    let zero = Quantity::parse("0")?;
    match Quantity::parse(text)? {
        amount if amount < zero => Err("it is less than nothing".into()),
        _ => Ok(()),
    }
}

/// Memory: `512m` is half a byte.
pub(super) fn memory(text: &str) -> Result<(), String> {
    Quantity::bytes(text).map(drop)
}

/// Processors: `100M` is a hundred million of them, where a tenth was meant.
pub(super) fn processors(text: &str) -> Result<(), String> {
    let most = Quantity::parse("10k")?;
    match Quantity::parse(text) {
        Ok(amount) if amount > most => {
            let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            Err(format!("no machine has so many processors: `{number}m` is {number} thousandths of one"))
        }
        _ => Ok(()),
    }
}

/// Go's decoder passes over line breaks.
pub(super) fn base64(text: &str) -> Result<(), String> {
    let plain = "it is not base64: text as it is stands under `stringData`, of a ConfigMap under `data`";
    BASE64_MIME_PERMISSIVE.decode(text.as_bytes()).map(drop).map_err(|_| plain.into())
}

/// A wildcard covers one label.
pub(super) fn ingress_host(text: &str) -> Result<(), String> {
    if text.parse::<IpAddr>().is_ok() {
        return Err("it is a DNS name, not an address".into());
    }
    let name = text.strip_prefix("*.").unwrap_or(text);
    if name.is_empty() && text.is_empty() { Ok(()) } else { names::dns_subdomain(name) }
}

/// A schedule.
pub(super) fn cron(text: &str) -> Result<(), String> {
    crons::schedule(text)
}

/// A time zone.
pub(super) fn zone(text: &str) -> Result<(), String> {
    crons::zone(text)
}

/// Its Jobs get eleven characters more, and have 63.
pub(super) fn cron_name(text: &str) -> Result<(), String> {
    names::dns_subdomain(text)?;
    if text.len() > 52 { Err(format!("it has {} characters, 52 at most", text.len())) } else { Ok(()) }
}

/// The name of an object, or none.
pub(super) fn maybe_name(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { names::dns_subdomain(text) }
}

/// The key of a label, or none.
pub(super) fn maybe_key(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { names::label_key(text) }
}

/// An address, or none.
pub(super) fn maybe_address(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { address(text) }
}

/// A place in a container.
pub(super) fn mount_path(text: &str) -> Result<(), String> {
    match text {
        "" => Err("it is empty".into()),
        text if text.contains(':') => Err("`:` may not stand in it".into()),
        _ => Ok(()),
    }
}

/// The name of a variable since Kubernetes 1.32.
pub(super) fn variable(text: &str) -> Result<(), String> {
    match text.chars().find(|c| *c == '=' || !matches!(c, ' '..='~')) {
        _ if text.is_empty() => Err("it is empty".into()),
        Some(bad) => Err(format!("only printable ASCII characters but `=` may stand in it, not `{}`", bad.escape_default())),
        None => Ok(()),
    }
}

pub(super) fn medium(text: &str) -> Result<(), String> {
    match text {
        "" | "Memory" | "HugePages" => Ok(()),
        other if other.starts_with("HugePages-") => Ok(()),
        _ => Err("it is `Memory`, or a size of huge pages such as `HugePages-2Mi`".into()),
    }
}

pub(super) fn absolute(text: &str) -> Result<(), String> {
    if text.starts_with('/') { Ok(()) } else { Err("it must begin with `/`".into()) }
}

pub(super) fn inside(text: &str) -> Result<(), String> {
    if text.starts_with('/') || text.split('/').any(|part| part == "..") {
        return Err("it is a path in the volume, without `/` in front and without `..`".into());
    }
    Ok(())
}

pub(super) fn prefix(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { names::env_name(text) }
}

/// What the downward API gives to a variable.
pub(super) fn field_path(text: &str) -> Result<(), String> {
    const KNOWN: [&str; 9] = [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    ];
    let keyed = ["metadata.labels['", "metadata.annotations['"]
        .iter()
        .any(|start| text.starts_with(start) && text.ends_with("']"));
    if keyed || KNOWN.contains(&text) {
        return Ok(());
    }
    Err(nearest(text, KNOWN).map_or_else(
        || format!("it is one of {}, metadata.labels['KEY'] or metadata.annotations['KEY']", list(KNOWN)),
        |near| format!("did you mean `{near}`?"),
    ))
}

/// A container's own limits and requests.
pub(super) fn resource(text: &str) -> Result<(), String> {
    const KNOWN: [&str; 6] = [
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.ephemeral-storage",
    ];
    let pages = text.strip_prefix("limits.").or(text.strip_prefix("requests."));
    if KNOWN.contains(&text) || pages.is_some_and(|kind| kind.starts_with("hugepages-")) {
        return Ok(());
    }
    Err(nearest(text, KNOWN)
        .map_or_else(|| format!("it is one of {}", list(KNOWN)), |near| format!("did you mean `{near}`?")))
}

/// Rights of root as the kernel has them (`include/uapi/linux/capability.h`); the runtime does not start a container with
/// another, and puts `CAP_` in front itself.
pub(super) fn capability(text: &str) -> Result<(), String> {
    const KNOWN: [&str; 42] = [
        "ALL",
        "AUDIT_CONTROL",
        "AUDIT_READ",
        "AUDIT_WRITE",
        "BLOCK_SUSPEND",
        "BPF",
        "CHECKPOINT_RESTORE",
        "CHOWN",
        "DAC_OVERRIDE",
        "DAC_READ_SEARCH",
        "FOWNER",
        "FSETID",
        "IPC_LOCK",
        "IPC_OWNER",
        "KILL",
        "LEASE",
        "LINUX_IMMUTABLE",
        "MAC_ADMIN",
        "MAC_OVERRIDE",
        "MKNOD",
        "NET_ADMIN",
        "NET_BIND_SERVICE",
        "NET_BROADCAST",
        "NET_RAW",
        "PERFMON",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYSLOG",
        "SYS_ADMIN",
        "SYS_BOOT",
        "SYS_CHROOT",
        "SYS_MODULE",
        "SYS_NICE",
        "SYS_PACCT",
        "SYS_PTRACE",
        "SYS_RAWIO",
        "SYS_RESOURCE",
        "SYS_TIME",
        "SYS_TTY_CONFIG",
        "WAKE_ALARM",
    ];
    let name = text.to_ascii_uppercase();
    if KNOWN.contains(&name.as_str()) {
        return Ok(());
    }
    let bare = name.strip_prefix("CAP_").unwrap_or(&name);
    Err(nearest(bare, KNOWN)
        .map_or_else(|| "Linux has none of that name".to_owned(), |near| format!("did you mean `{near}`?")))
}

/// What is no quantity is told where it is read.
pub(super) fn above_zero(text: &str) -> Result<(), String> {
    let zero = Quantity::parse("0")?;
    match Quantity::parse(text) {
        Ok(amount) if amount <= zero => Err("more than zero is wanted".into()),
        _ => Ok(()),
    }
}

pub(super) fn cluster_ip(text: &str) -> Result<(), String> {
    if ["", "None"].contains(&text) {
        return Ok(());
    }
    address(text).map_err(|reason| format!("{reason}, nor `None`"))
}

pub(super) fn address(text: &str) -> Result<(), String> {
    text.parse::<IpAddr>().map(drop).map_err(|_| "it is no IP address".into())
}

pub(super) fn range(text: &str) -> Result<(), String> {
    text.parse::<IpNet>().map(drop).map_err(|_| "it is no address range, such as 10.0.0.0/8".into())
}
