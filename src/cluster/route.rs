//! Hosts and paths that two stacks of one cluster claim.

use std::collections::BTreeMap;

use super::Member;
use crate::finding::{Code, Finding, Page, Severity};
use crate::kube::Object;
use crate::reach::hosts;
use crate::source::Span;
use crate::yaml::Node;

/// One route for two.
pub static ROUTE: Code = Code {
    name: "cluster-route-twice",
    severity: Severity::Error,
    page: Page {
        about: "Routes of two stacks of one cluster claim the same host and path. Traefik takes one of them, and which\n\
                one is no stack's to say: half of an app may answer for the other.",
        bad: "# stack.yaml\nstackc: 1\nname: home\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 80}\nroutes: {web: www.example.org}\n\
              # ../other/stack.yaml\nstackc: 1\nname: media\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # ../other/apps/films.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 80}\nroutes: {films: www.example.org}\n",
        good: "# stack.yaml\nstackc: 1\nname: home\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 80}\nroutes: {web: www.example.org}\n\
               # ../other/stack.yaml\nstackc: 1\nname: media\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # ../other/apps/films.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 80}\nroutes: {films: films.example.org}\n",
    },
};

/// What makes two rules one: the kind of route, the host, and all that the rule asks beside it.
type Key<'a> = (&'a str, String, String);

struct Claim<'a> {
    key: Key<'a>,
    /// The entry points; empty for Traefik's default.
    points: Vec<&'a str>,
    object: &'a Object,
    span: Span,
}

/// What later stacks claim that earlier ones have.
pub(super) fn told(members: &[(usize, &Member<'_>)]) -> Vec<(usize, Finding)> {
    let mut seen: BTreeMap<Key<'_>, Vec<(usize, &Member<'_>, Claim<'_>)>> = BTreeMap::new();
    let mut told = Vec::new();
    for (index, member) in members {
        for claim in member.objects.iter().flat_map(claims) {
            let earlier = seen.entry(claim.key.clone()).or_default();
            let mut others = earlier.iter().filter(|(first, ..)| first != index);
            if let Some((_, other, first)) = others.find(|(_, _, first)| meet(&first.points, &claim.points)) {
                told.push((*index, finding(&claim, first, other)));
            }
            earlier.push((*index, member, claim));
        }
    }
    told
}

fn meet(a: &[&str], b: &[&str]) -> bool {
    a.is_empty() || b.is_empty() || a.iter().any(|point| b.contains(point))
}

fn finding(claim: &Claim<'_>, first: &Claim<'_>, other: &Member<'_>) -> Finding {
    let (_, host, rest) = &claim.key;
    let what = match (host.as_str(), claim.points.first()) {
        ("" | "*", Some(point)) => format!("all of the entry point `{point}`"),
        ("" | "*", None) => "all hosts".to_owned(),
        (host, _) => host.to_owned(),
    };
    let rest = if rest.is_empty() { String::new() } else { format!(" ({rest})") };
    let message = format!(
        "{what}{rest} is claimed by {} of the stack `{}`, too",
        first.object.id, other.stack.name.value
    );
    Finding::new(&ROUTE, claim.span, message)
        .note(format!("the other: {}", other.at(first.span)))
        .help("one route for each host and path: give one of them another host, or take it away")
}

fn claims(object: &Object) -> Vec<Claim<'_>> {
    let kind = object.id.kind.as_str();
    let traefik = object.id.api_version.starts_with("traefik.");
    match kind {
        "IngressRoute" | "IngressRouteTCP" | "IngressRouteUDP" if traefik => of_route(object, kind),
        "Ingress" if object.id.api_version.starts_with("networking.k8s.io/") => of_ingress(object, kind),
        _ => Vec::new(),
    }
}

fn of_route<'a>(object: &'a Object, kind: &'a str) -> Vec<Claim<'a>> {
    let listed = object.body.at(&["spec", "entryPoints"]).map_or(&[][..], Node::items);
    let points: Vec<&str> = listed.iter().filter_map(Node::as_text).collect();
    let rules = object.body.at(&["spec", "routes"]).map_or(&[][..], Node::items);
    let of_rule = |rule: &'a Node| {
        let text = rule.text_at(&["match"]).unwrap_or_default();
        let span = rule.get("match").map_or(rule.span, |node| node.span);
        let names = hosts(text).names;
        let rest = beside(text, &names);
        let all = if names.is_empty() { vec![""] } else { names };
        let claim = move |host: &str| (kind, host.to_ascii_lowercase(), rest.clone());
        all.into_iter().map(|host| (claim(host), span)).collect::<Vec<_>>()
    };
    let keys = rules.iter().flat_map(of_rule);
    keys.map(|(key, span)| Claim { key, points: points.clone(), object, span }).collect()
}

/// A rule without its hosts, so that rules that ask for the same beside them are the same text.
fn beside(rule: &str, hosts: &[&str]) -> String {
    let plain: String = rule.chars().filter(|c| !c.is_whitespace()).collect();
    let matchers = ["HostSNI", "HostHeader", "Host"].iter().flat_map(|matcher| {
        hosts.iter().flat_map(move |host| ['`', '"'].map(|quote| format!("{matcher}({quote}{host}{quote})")))
    });
    let rest = matchers.fold(plain, |rest, matcher| rest.replace(&matcher, ""));
    let rest = rest.replace("(||", "(").replace("||)", ")").replace("()", "");
    rest.trim_matches(['&', '|']).to_owned()
}

fn of_ingress<'a>(object: &'a Object, kind: &'a str) -> Vec<Claim<'a>> {
    let rules = object.body.at(&["spec", "rules"]).map_or(&[][..], Node::items);
    let paths = rules.iter().flat_map(|rule| {
        let host = rule.text_at(&["host"]).unwrap_or_default().to_ascii_lowercase();
        let paths = rule.at(&["http", "paths"]).map_or(&[][..], Node::items);
        paths.iter().map(move |path| (host.clone(), path))
    });
    let claim = |(host, path): (String, &'a Node)| {
        let text = path.text_at(&["path"]).unwrap_or("/").to_owned();
        let span = path.get("path").map_or(path.span, |node| node.span);
        Claim { key: (kind, host, text), points: Vec::new(), object, span }
    };
    paths.map(claim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_asks_beside_its_hosts() {
        for (rule, rest) in [
            ("Host(`a`)", ""),
            ("Host(`a`) || Host(`b`)", ""),
            ("(Host(`a`) || Host(`b`)) && PathPrefix(`/x`)", "PathPrefix(`/x`)"),
            ("Host(\"a\") && PathPrefix(`/x`)", "PathPrefix(`/x`)"),
            ("HostSNI(`*`)", ""),
            ("PathPrefix(`/x`)", "PathPrefix(`/x`)"),
        ] {
            assert_eq!(beside(rule, &hosts(rule).names), rest, "{rule}");
        }
    }
}
