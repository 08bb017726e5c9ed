//! Containers as the programs that their images hold, for checks that know a program. No check itself.

use std::borrow::Cow;

use data_encoding::BASE64;

use super::{Facts, Landing};
use crate::kube::{Container, Image, Role, Unit};
use crate::yaml::Node;

/// Images of MinIO and of forks that take the same arguments and environment.
pub(super) const MINIO: &[&str] = &[
    "quay.io/minio/minio",
    "docker.io/minio/minio",
    "docker.io/pgsty/silo",
    "docker.io/pgsty/minio",
    "ghcr.io/coollabsio/minio",
];
pub(super) const GOPROXY: &str = "ghcr.io/goproxy/goproxy";
pub(super) const GOPROXYIO: &str = "docker.io/goproxy/goproxy";
pub(super) const ATHENS: &str = "docker.io/gomods/athens";
pub(super) const DNSPROXY: &str = "docker.io/adguard/dnsproxy";
pub(super) const DOH_SERVER: &str = "docker.io/m13253/dns-over-https-server";
pub(super) const SATISHWEB: &str = "docker.io/satishweb/doh-server";
pub(super) const COREDNS: &str = "docker.io/coredns/coredns";
pub(super) const V2RAY: &str = "docker.io/v2fly/v2fly-core";
pub(super) const XRAY: &[&str] = &["ghcr.io/xtls/xray-core", "docker.io/teddysun/xray"];
pub(super) const GOST: &str = "docker.io/gogost/gost";
pub(super) const SING_BOX: &str = "ghcr.io/sagernet/sing-box";

/// A container whose image can be read.
pub(super) struct Program<'a> {
    pub(super) landing: &'a Landing<'a>,
    pub(super) container: Container<'a>,
    /// The image, as written and read.
    pub(super) written: &'a Node,
    pub(super) image: &'a Image,
    pub(super) repository: &'a str,
}

/// A file that a program finds in a ConfigMap or Secret of the stack.
pub(super) struct Mounted<'a> {
    pub(super) key: &'a str,
    pub(super) text: Cow<'a, str>,
    /// What asked for it.
    pub(super) node: &'a Node,
    pub(super) secret: bool,
    /// It is written where `node` stands, and so may what it holds.
    pub(super) inline: bool,
}

/// All containers.
pub(super) fn programs<'a>(facts: &'a Facts<'a>) -> impl Iterator<Item = Program<'a>> {
    facts.landings.iter().flat_map(programs_of)
}

/// Those of a pod.
pub(super) fn programs_of<'a, 'l: 'a>(landing: &'l Landing<'a>) -> impl Iterator<Item = Program<'a>> {
    let containers = landing.images.iter().filter(|used| used.container.role != Role::Volume);
    containers.map(move |used| Program {
        landing,
        container: used.container,
        written: used.written,
        image: &used.image,
        repository: &used.repository,
    })
}

impl<'a> Program<'a> {
    /// Whether it is one of these.
    pub(super) fn is(&self, repositories: &[&str]) -> bool {
        repositories.contains(&self.repository)
    }

    /// A list of the container's, such as `args`.
    pub(super) fn list(&self, key: &str) -> &'a [Node] {
        self.container.node.get(key).map_or(&[][..], Node::items)
    }

    /// Whether the image's entrypoint is replaced.
    pub(super) fn has_command(&self) -> bool {
        !self.list("command").is_empty()
    }

    /// The first argument that begins so.
    pub(super) fn arg(&self, starts: &[&str]) -> Option<&'a Node> {
        let fits =
            |arg: &&Node| arg.as_text().is_some_and(|arg| starts.iter().any(|start| arg.starts_with(start)));
        self.list("args").iter().find(fits)
    }

    /// The value of an option, behind `=` or as the next argument.
    pub(super) fn option(&self, name: &str) -> Option<(&'a Node, &'a str)> {
        let args = self.list("args");
        args.iter().zip(args.iter().skip(1).map(Some).chain([None])).find_map(|(arg, next)| {
            match arg.as_text()?.strip_prefix(name)? {
                "" => Some((arg, next?.as_text()?)),
                rest => Some((arg, rest.strip_prefix('=')?)),
            }
        })
    }

    /// A variable's entry.
    pub(super) fn env(&self, name: &str) -> Option<&'a Node> {
        self.list("env").iter().find(|entry| entry.text_at(&["name"]) == Some(name))
    }

    /// Whether all variables are known: none come from elsewhere.
    pub(super) fn env_is_whole(&self) -> bool {
        self.list("envFrom").is_empty()
    }

    /// A field of its securityContext, the container's over the pod's.
    pub(super) fn security(&self, key: &str) -> Option<&'a Node> {
        let own = self.container.node.at(&["securityContext", key]);
        own.or_else(|| self.landing.pod.spec.at(&["securityContext", key]))
    }

    /// The tag's first number: 5 of `v5.52.0`.
    pub(super) fn major(&self) -> Option<u32> {
        let tag = self.image.tag.as_deref()?;
        tag.strip_prefix('v').unwrap_or(tag).split('.').next()?.parse().ok()
    }

    /// What it finds in ConfigMaps and Secrets of the stack.
    pub(super) fn mounted(&self, facts: &Facts<'a>) -> Vec<Mounted<'a>> {
        let volumes = self.landing.pod.spec.get("volumes").map_or(&[][..], Node::items);
        let named = |name: Option<&str>| volumes.iter().find(|volume| volume.text_at(&["name"]) == name);
        let mounts = self.list("volumeMounts").iter().filter_map(|mount| named(mount.text_at(&["name"])));
        mounts.flat_map(|volume| self.files(volume, facts)).collect()
    }

    fn files(&self, volume: &'a Node, facts: &Facts<'a>) -> Vec<Mounted<'a>> {
        let secret = volume.text_at(&["secret", "secretName"]).map(|name| ("Secret", name));
        let Some((kind, name)) =
            secret.or(volume.text_at(&["configMap", "name"]).map(|name| ("ConfigMap", name)))
        else {
            return Vec::new();
        };
        let object = facts.find(kind, self.landing.object.id.namespace.as_deref(), name);
        let Some(object) = object else { return Vec::new() };
        let inline = matches!(object.unit, Unit::Manifest(_));
        let fields = ["data", "stringData"].into_iter();
        let entries = fields.flat_map(|field| {
            let entries = object.body.get(field).map_or(&[][..], Node::entries);
            entries.iter().map(move |entry| (field, entry))
        });
        entries
            .filter_map(|(field, entry)| {
                let written = entry.value.as_text()?;
                let text =
                    if kind == "Secret" && field == "data" { decoded(written)? } else { written.into() };
                Some(Mounted {
                    key: &entry.key.text,
                    text,
                    node: &entry.value,
                    secret: kind == "Secret",
                    inline,
                })
            })
            .collect()
    }
}

fn decoded(base64: &str) -> Option<Cow<'static, str>> {
    let bytes = BASE64.decode(base64.trim().as_bytes()).ok()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Whether an address to listen on is that of the pod itself alone.
pub(super) fn is_loopback(address: &str) -> bool {
    ["127.", "localhost", "[::1]", "::1"].iter().any(|start| address.starts_with(start))
}
