//! Values that the API server refuses, as rows: which field of which object, and what it takes
//! (`pkg/apis/{core,apps,batch,networking}/validation`). What goes beyond one field has a check of its own.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::names;
use crate::kube::{Object, Pod, Quantity};
use crate::yaml::Node;

/// A value that Kubernetes does not take.
pub static CODE: Code = Code {
    name: "field-refused",
    severity: Severity::Error,
    page: Page {
        about: "The API server would refuse the object for this value: a word that the field does not know, a name that\n\
                is none, an amount that is not above zero. k3s then applies nothing of the whole file.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {pvc: {size: 1Gi, accessModes: [RWO]}}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               volumes: {/data: {pvc: {size: 1Gi, accessModes: [ReadWriteOnce]}}}\n",
    },
};

/// What a field takes.
enum Takes {
    /// One of these words.
    Words(&'static [&'static str]),
    /// Text that this reads.
    Text(fn(&str) -> Result<(), String>),
    /// A whole number, this or more.
    AtLeast(i64),
    /// This number and no other.
    Only(i64),
    /// A map.
    Map,
}

use Takes::{AtLeast, Map, Only, Text, Words};

/// A field by its path, `*` for every item of a list and every value of a map.
type Row = (&'static [&'static str], Takes);

const PROTOCOLS: Takes = Words(&["TCP", "UDP", "SCTP"]);
const POLICIES: Takes = Words(&["Cluster", "Local"]);
const PROFILES: Takes = Words(&["RuntimeDefault", "Unconfined", "Localhost"]);
const ACCESS: Takes = Words(&["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]);

/// Of a pod's spec.
const POD: &[Row] = &[
    (&["dnsConfig", "nameservers", "*"], Text(address)),
    (&["dnsPolicy"], Words(&["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"])),
    (&["hostAliases", "*", "ip"], Text(address)),
    (&["restartPolicy"], Words(&["Always", "OnFailure", "Never"])),
    (&["securityContext", "appArmorProfile", "type"], PROFILES),
    (&["securityContext", "fsGroupChangePolicy"], Words(&["OnRootMismatch", "Always"])),
    (&["securityContext", "seLinuxChangePolicy"], Words(&["Recursive", "MountOption"])),
    (&["securityContext", "seccompProfile", "type"], PROFILES),
    (&["securityContext", "supplementalGroupsPolicy"], Words(&["Merge", "Strict"])),
    (&["topologySpreadConstraints", "*", "maxSkew"], AtLeast(1)),
    (&["topologySpreadConstraints", "*", "topologyKey"], Text(names::label_key)),
    (&["topologySpreadConstraints", "*", "whenUnsatisfiable"], Words(&["DoNotSchedule", "ScheduleAnyway"])),
    (&["volumes", "*", "configMap", "name"], Text(names::dns_subdomain)),
    (&["volumes", "*", "emptyDir", "medium"], Text(medium)),
    (
        &["volumes", "*", "hostPath", "type"],
        Words(&[
            "",
            "DirectoryOrCreate",
            "Directory",
            "FileOrCreate",
            "File",
            "Socket",
            "CharDevice",
            "BlockDevice",
        ]),
    ),
    (&["volumes", "*", "nfs", "path"], Text(absolute)),
    (&["volumes", "*", "persistentVolumeClaim", "claimName"], Text(names::dns_subdomain)),
    (&["volumes", "*", "secret", "secretName"], Text(names::dns_subdomain)),
];

/// Of each container.
const CONTAINER: &[Row] = &[
    (&["env", "*", "valueFrom", "fieldRef", "fieldPath"], Text(field_path)),
    (&["env", "*", "valueFrom", "resourceFieldRef", "resource"], Text(resource)),
    (&["envFrom", "*", "prefix"], Text(prefix)),
    (&["imagePullPolicy"], Words(&["Always", "IfNotPresent", "Never"])),
    (&["livenessProbe", "successThreshold"], Only(1)),
    (&["ports", "*", "protocol"], PROTOCOLS),
    (&["securityContext", "appArmorProfile", "type"], PROFILES),
    (&["securityContext", "capabilities", "add", "*"], Text(capability)),
    (&["securityContext", "capabilities", "drop", "*"], Text(capability)),
    (&["securityContext", "procMount"], Words(&["Default", "Unmasked"])),
    (&["securityContext", "seccompProfile", "type"], PROFILES),
    (&["startupProbe", "successThreshold"], Only(1)),
    (&["volumeMounts", "*", "mountPropagation"], Words(&["None", "HostToContainer", "Bidirectional"])),
    (&["volumeMounts", "*", "subPath"], Text(inside)),
];

/// Of objects of a kind.
const KINDS: &[(&str, &[Row])] = &[
    ("CronJob", &[(&["spec", "concurrencyPolicy"], Words(&["Allow", "Forbid", "Replace"]))]),
    ("Deployment", &[(&["spec", "strategy", "type"], Words(&["RollingUpdate", "Recreate"]))]),
    ("DaemonSet", &[(&["spec", "updateStrategy", "type"], Words(&["RollingUpdate", "OnDelete"]))]),
    (
        "Ingress",
        &[
            (&["spec", "rules", "*", "host"], Text(ingress_host)),
            (&["spec", "rules", "*", "http", "paths", "*", "path"], Text(absolute)),
            (
                &["spec", "rules", "*", "http", "paths", "*", "pathType"],
                Words(&["Exact", "Prefix", "ImplementationSpecific"]),
            ),
            (&["spec", "tls", "*", "hosts", "*"], Text(ingress_host)),
        ],
    ),
    ("Middleware", &[(&["spec", "*"], Map)]),
    ("MiddlewareTCP", &[(&["spec", "*"], Map)]),
    (
        "PersistentVolumeClaim",
        &[
            (&["spec", "accessModes", "*"], ACCESS),
            (&["spec", "resources", "requests", "storage"], Text(above_zero)),
        ],
    ),
    (
        "Service",
        &[
            (&["spec", "clusterIP"], Text(cluster_ip)),
            (&["spec", "externalIPs", "*"], Text(address)),
            (&["spec", "externalTrafficPolicy"], POLICIES),
            (&["spec", "internalTrafficPolicy"], POLICIES),
            (&["spec", "ipFamilies", "*"], Words(&["IPv4", "IPv6"])),
            (&["spec", "ipFamilyPolicy"], Words(&["SingleStack", "PreferDualStack", "RequireDualStack"])),
            (&["spec", "loadBalancerIP"], Text(address)),
            (&["spec", "loadBalancerSourceRanges", "*"], Text(range)),
            (&["spec", "ports", "*", "protocol"], PROTOCOLS),
            (&["spec", "sessionAffinity"], Words(&["ClientIP", "None"])),
            (&["spec", "type"], Words(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])),
        ],
    ),
    (
        "StatefulSet",
        &[
            (&["spec", "updateStrategy", "type"], Words(&["RollingUpdate", "OnDelete"])),
            (&["spec", "volumeClaimTemplates", "*", "spec", "accessModes", "*"], ACCESS),
            (
                &["spec", "volumeClaimTemplates", "*", "spec", "resources", "requests", "storage"],
                Text(above_zero),
            ),
        ],
    ),
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in facts.objects {
        name(object, found);
        let rows = KINDS.iter().filter(|(kind, _)| *kind == object.id.kind).flat_map(|(_, rows)| *rows);
        fields(&object.body, rows, found);
        if let Some(pod) = Pod::of(object) {
            fields(pod.spec, POD, found);
            for container in pod.containers() {
                fields(container.node, CONTAINER, found);
            }
        }
    }
}

/// Names are DNS', but for those of RBAC (`system:node`).
fn name(object: &Object, found: &mut Findings) {
    let rbac = object.id.api_version.starts_with("rbac.authorization.k8s.io/");
    if let Some(node) = object.body.at(&["metadata", "name"]).filter(|_| !rbac) {
        tell(node, &Field::NameOf(&object.id.kind), &Text(names::dns_subdomain), found);
    }
}

fn fields<'r>(node: &Node, rows: impl IntoIterator<Item = &'r Row>, found: &mut Findings) {
    for (path, takes) in rows {
        let name = path.iter().rfind(|key| **key != "*").copied().unwrap_or_default();
        let listed = path.last() == Some(&"*") && matches!(takes, Text(_));
        let field = if listed { Field::Among(name) } else { Field::Named(name) };
        for value in reach(node, path) {
            tell(value, &field, takes, found);
        }
    }
}

/// What a value stands in, in words; only what is told is worth making them.
enum Field<'a> {
    NameOf(&'a str),
    Named(&'a str),
    Among(&'a str),
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::NameOf(kind) => write!(f, "the name of this {kind}"),
            Field::Named(name) => write!(f, "`{name}`"),
            Field::Among(name) => write!(f, "among `{name}`"),
        }
    }
}

/// All values at a path.
fn reach<'a>(node: &'a Node, path: &[&str]) -> Vec<&'a Node> {
    match path.split_first() {
        None => vec![node],
        Some((&"*", rest)) => {
            let values = node.entries().iter().map(|entry| &entry.value);
            node.items().iter().chain(values).flat_map(|value| reach(value, rest)).collect()
        }
        Some((key, rest)) => node.get(key).map_or_else(Vec::new, |below| reach(below, rest)),
    }
}

/// A value that something else has told already is left alone.
fn tell(node: &Node, field: &Field<'_>, takes: &Takes, found: &mut Findings) {
    let Err(Refused { message, help }) = takes.check(node, field) else { return };
    if !found.tells(node.span) {
        found.push(Finding::new(&CODE, node.span, message).maybe_help(help));
        found.give_up(node.span);
    }
}

struct Refused {
    message: String,
    help: Option<String>,
}

impl Takes {
    /// What is no text where text is wanted, or no number, is another mistake.
    fn check(&self, node: &Node, field: &Field<'_>) -> Result<(), Refused> {
        match self {
            Words(words) => node.as_text().map_or(Ok(()), |text| known(text, words, field)),
            Text(read) => node.written().map_or(Ok(()), |text| {
                read(&text).map_err(|reason| refused(&text, field, reason))
            }),
            Map if node.as_map().is_some() => Ok(()),
            Map => {
                let message = format!("a map is wanted here, this is {}", node.kind());
                Err(Refused { message, help: None })
            }
            Only(number) => node.as_int().filter(|said| said != number).map_or(Ok(()), |said| {
                Err(Refused { message: format!("{field} is {said}, here it can only be {number}"), help: None })
            }),
            AtLeast(least) => node.as_int().filter(|number| number < least).map_or(Ok(()), |number| {
                Err(Refused { message: format!("{field} is {number}, at least {least} is wanted"), help: None })
            }),
        }
    }
}

fn known(text: &str, words: &[&str], field: &Field<'_>) -> Result<(), Refused> {
    if words.contains(&text) {
        return Ok(());
    }
    let said = || words.iter().copied().filter(|word| !word.is_empty());
    let help = nearest(text, said())
        .map_or_else(|| format!("it takes {}", list(said())), |near| format!("did you mean `{near}`?"));
    Err(Refused { message: format!("`{text}` is no word for {field}"), help: Some(help) })
}

// What text some fields take. Empty text is absent.

fn medium(text: &str) -> Result<(), String> {
    match text {
        "" | "Memory" | "HugePages" => Ok(()),
        other if other.starts_with("HugePages-") => Ok(()),
        _ => Err("it is `Memory`, or a size of huge pages such as `HugePages-2Mi`".into()),
    }
}

/// A wildcard covers one label.
fn ingress_host(text: &str) -> Result<(), String> {
    if text.parse::<IpAddr>().is_ok() {
        return Err("it is a DNS name, not an address".into());
    }
    let name = text.strip_prefix("*.").unwrap_or(text);
    if name.is_empty() && text.is_empty() { Ok(()) } else { names::dns_subdomain(name) }
}

fn absolute(text: &str) -> Result<(), String> {
    if text.starts_with('/') { Ok(()) } else { Err("it must begin with `/`".into()) }
}

fn inside(text: &str) -> Result<(), String> {
    if text.starts_with('/') || text.split('/').any(|part| part == "..") {
        return Err("it is a path in the volume, without `/` in front and without `..`".into());
    }
    Ok(())
}

/// A way out stands below, where people look for it.
fn refused(text: &str, field: &Field<'_>, reason: String) -> Refused {
    let message = format!("`{text}` cannot be {field}");
    let is_help = ["did you mean", "it is one of"].iter().any(|start| reason.starts_with(start));
    if is_help {
        Refused { message, help: Some(reason) }
    } else {
        Refused { message: format!("{message}: {reason}"), help: None }
    }
}

fn prefix(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { names::env_name(text) }
}

/// What the downward API gives to a variable.
fn field_path(text: &str) -> Result<(), String> {
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
fn resource(text: &str) -> Result<(), String> {
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
fn capability(text: &str) -> Result<(), String> {
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
fn above_zero(text: &str) -> Result<(), String> {
    let zero = Quantity::parse("0")?;
    match Quantity::parse(text) {
        Ok(amount) if amount <= zero => Err("more than zero is wanted".into()),
        _ => Ok(()),
    }
}

fn cluster_ip(text: &str) -> Result<(), String> {
    if ["", "None"].contains(&text) {
        return Ok(());
    }
    address(text).map_err(|reason| format!("{reason}, nor `None`"))
}

fn address(text: &str) -> Result<(), String> {
    text.parse::<IpAddr>().map(drop).map_err(|_| "it is no IP address".into())
}

fn range(text: &str) -> Result<(), String> {
    text.parse::<IpNet>().map(drop).map_err(|_| "it is no address range, such as 10.0.0.0/8".into())
}
