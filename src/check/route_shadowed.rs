//! Routes that get no request, since another one takes all of them, and routes that share theirs by chance.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::Facts;
use super::route::{Priority, Route, answer};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::traefik::Cases;

/// A route that another one stands before.
pub static CODE: Code = Code {
    name: "route-shadowed",
    severity: Severity::Error,
    page: Page {
        about: "Traefik asks its routes by priority, which is the length of the rule unless it is written, and the first\n\
                that matches answers. This route gets no request that an earlier one would not take; or two of one\n\
                priority claim the same requests, and which of them answers may change with each restart.\n\
                Only what surely holds is told, for Ingress and IngressRoute together, on the same entry point.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080, admin: 8081}\n\
              routes:\n  web: {host: www.example.org, port: http}\n  admin: {host: www.example.org, port: admin}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080, admin: 8081}\n\
               routes:\n  web: {host: www.example.org, port: http}\n\
               \x20 admin: {host: www.example.org, pathPrefix: /admin, port: admin}\n",
    },
};

/// More routes that one is held against than any host has. What lies beyond is not told.
const MOST: usize = 500;

/// Entry points redirect with this priority unless told otherwise.
const REDIRECT: i64 = 2_147_483_646;

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let traefik = &facts.served;
    let (routes, streams) = (Index::of(&facts.routes), Index::of(&facts.streams));
    let redirects = traefik.mentions("entrypoints.web.http.redirections")
        && !traefik.mentions("redirections.entrypoint.priority");
    for at in 0..facts.routes.len() {
        if let Some(finding) = shadow(&routes, at, &streams, redirects) {
            found.push(finding);
        }
    }
    for at in 0..facts.streams.len() {
        if let Some(finding) = shadow(&streams, at, &Index::of(&[]), false) {
            let help = "give one of them an entry point of its own: ingress: {entryPoints: {NAME: PORT}}";
            found.push(finding.help(help));
        }
    }
}

/// What stands before a route in every way that leads to it, if anything does.
fn shadow<'a>(own: &Index<'_, 'a>, at: usize, streams: &Index<'_, 'a>, redirects: bool) -> Option<Finding> {
    let route = own.routes.get(at)?;
    let cases = route.cases.as_ref()?;
    let mut left = route.ways.clone();
    let before = match own.before(at, cases, &mut left) {
        Ok(before) => before,
        Err(other) => return Some(by_chance(route, other)),
    };
    let stream = streams.stream(cases, &mut left);
    let redirect = redirects && route.priority.least <= REDIRECT && left.contains(&("web", false));
    left.retain(|way| !redirect || *way != ("web", false));
    if !left.is_empty() {
        return None;
    }
    match (before, stream) {
        (Some(other), _) => Some(shadowed(route, other)),
        (None, Some(other)) => {
            let message = format!("`{}` gets no request: a TCP route takes the connections before", route.text);
            Some(Finding::new(&CODE, route.at, message).also(other.at, format!("of {}", other.object.id)))
        }
        (None, None) => redirect.then(|| {
            let message = format!("`{}` gets no request: all of `web` is redirected to https", route.text);
            let note = "an entry point that redirects does so before it looks for a route";
            Finding::new(&CODE, route.at, message).note(note).help("entryPoints: [websecure]")
        }),
    }
}

/// Routes by the hosts that they ask for.
struct Index<'f, 'a> {
    routes: &'f [Route<'a>],
    hosts: BTreeMap<&'f str, Vec<usize>>,
    /// Those that may match any host.
    any: Vec<usize>,
}

impl<'f, 'a> Index<'f, 'a> {
    fn of(routes: &'f [Route<'a>]) -> Self {
        let (mut hosts, mut any) = (BTreeMap::<&str, Vec<usize>>::new(), Vec::new());
        for (at, route) in routes.iter().enumerate() {
            match route.cases.as_ref().map(Cases::hosts) {
                Some(Some(own)) => {
                    for host in own {
                        hosts.entry(host).or_default().push(at);
                    }
                }
                Some(None) => any.push(at),
                None => {}
            }
        }
        Index { routes, hosts, any }
    }

    /// Those that may stand before a route.
    fn candidates(&self, cases: &Cases<'a>) -> impl Iterator<Item = usize> + '_ {
        let host = cases.hosts().and_then(|hosts| self.hosts.get(*hosts.first()?));
        self.any.iter().chain(host.into_iter().flatten()).copied().take(MOST)
    }

    /// Takes away the ways in which routes of a higher priority take all requests; the first of them. The error is a
    /// route of the same priority.
    fn before(
        &self,
        at: usize,
        cases: &Cases<'a>,
        left: &mut Vec<(&'a str, bool)>,
    ) -> Result<Option<&'f Route<'a>>, &'f Route<'a>> {
        let Some(route) = self.routes.get(at) else { return Ok(None) };
        let own = OnceCell::new();
        let mut before = None;
        for candidate in self.candidates(cases).filter(|candidate| *candidate != at) {
            let Some(other) = self.routes.get(candidate) else { continue };
            let Some(theirs) = &other.cases else { continue };
            let rank = rank(route.priority, other.priority);
            let shared = other.ways.iter().any(|way| left.contains(way));
            if rank == Rank::Unknown || !shared || !theirs.covers(cases) {
                continue;
            }
            if answer(other).is_some_and(|theirs| own.get_or_init(|| answer(route)).as_ref() == Some(&theirs)) {
                continue;
            }
            if rank == Rank::Before {
                left.retain(|way| !other.ways.contains(way));
                before.get_or_insert(other);
            } else if candidate < at || !cases.covers(theirs) {
                return Err(other);
            }
        }
        Ok(before)
    }

    /// Takes away the ways in which TCP routes take the connections of all requests; the first of them. Without TLS a
    /// connection names no host; with TLS `*` stands behind all HTTP.
    fn stream(&self, cases: &Cases<'a>, left: &mut Vec<(&'a str, bool)>) -> Option<&'f Route<'a>> {
        let mut first = None;
        for candidate in self.candidates(cases) {
            let Some(other) = self.routes.get(candidate) else { continue };
            let Some(theirs) = &other.cases else { continue };
            let all = other.text == ALL;
            let takes = |way: &(&str, bool)| other.ways.contains(way) && (all || theirs.hosts().is_none()) != way.1;
            if left.iter().any(takes) && theirs.covers(cases) {
                left.retain(|way| !takes(way));
                first.get_or_insert(other);
            }
        }
        first
    }
}

/// All connections.
const ALL: &str = "HostSNI(`*`)";

/// Whether another route is asked before.
#[derive(PartialEq, Eq)]
enum Rank {
    Before,
    Same,
    Unknown,
}

fn rank(own: Priority<'_>, other: Priority<'_>) -> Rank {
    if other.least > own.most {
        Rank::Before
    } else if (own.least, own.most) == (other.least, other.most) && own.least == own.most {
        Rank::Same
    } else {
        Rank::Unknown
    }
}

fn by_chance(route: &Route<'_>, other: &Route<'_>) -> Finding {
    let shared = route.ways.iter().find(|way| other.ways.contains(way)).map_or("", |way| way.0);
    let place = if shared.is_empty() { String::new() } else { format!(" at `{shared}`") };
    let claimed = match route.object.id.kind.as_str() {
        "IngressRouteUDP" => format!("two routes claim all of UDP{place}"),
        _ => format!("two routes of one priority claim `{}`{place}", route.text),
    };
    let finding = Finding::new(&CODE, route.at, format!("{claimed}: which of them answers is chance"))
        .label(format!("of {}", route.object.id))
        .also(other.at, format!("of {}", other.object.id));
    if ["Ingress", "IngressRoute"].contains(&route.object.id.kind.as_str()) {
        let line = way_out(route, other.priority.most);
        return finding.help(format!("change the host or the path of one of them, or say which is asked before: {line}"));
    }
    finding
}

fn shadowed(route: &Route<'_>, other: &Route<'_>) -> Finding {
    let finding = Finding::new(
        &CODE,
        route.at,
        format!("`{}` gets no request: a route of a higher priority takes all of them", route.text),
    );
    let (high, low) = (other.priority.least, route.priority.most);
    // Who writes a priority may mean it, as for a page that says that the site is closed.
    let finding = if other.priority.written.is_some() { finding.weighs(Severity::Warning) } else { finding };
    let same = if route.text == other.text { String::new() } else { format!("`{}` of ", other.text) };
    let high_place = other.priority.written.map_or(other.at, |own| own.span);
    finding
        .label(format!("priority {low}"))
        .also(high_place, format!("{same}{}: priority {high}", other.object.id))
        .help(format!("to have it asked before: {}", way_out(route, high)))
}

/// The line that puts a route before another.
fn way_out(route: &Route<'_>, other: i64) -> String {
    let number = other.saturating_add(1);
    match route.object.id.kind.as_str() {
        "Ingress" => format!("traefik.ingress.kubernetes.io/router.priority: \"{number}\""),
        _ => format!("priority: {number}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn messages(lines: &str, manifest: &str) -> Vec<String> {
        told(super::run, lines, manifest)
    }

    /// An IngressRoute: its name, entry points, and rules with what else stands in their maps.
    fn route(name: &str, points: &str, rules: &[(&str, &str)]) -> String {
        let rules = rules.iter().map(|(rule, more)| format!("  - {{match: \"{rule}\", kind: Rule{more}}}\n"));
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: {name}}}\nspec:\n  entryPoints: [{points}]\n  \
             routes:\n{}---\n",
            rules.collect::<String>()
        )
    }

    fn to(service: &str) -> String {
        format!(", services: [{{name: {service}, port: 80}}]")
    }

    fn ingress(name: &str, more: &str, host: &str, path: &str) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}{more}}}\nspec:\n  rules:\n  - host: \
             '{host}'\n    http: {{paths: [{{path: '{path}', pathType: Prefix, backend: {{service: {{name: {name}, port: {{number: \
             80}}}}}}}}]}}\n---\n"
        )
    }

    #[test]
    fn two_routes_that_claim_the_same() {
        let (a, b) = (to("a"), to("b"));
        let same = route("one", "web", &[("Host(`a.org`)", &a), ("Host(`A.org`)", &b)]);
        assert_eq!(
            messages("", &same),
            ["\"Host(`A.org`)\": two routes of one priority claim `Host(`A.org`)` at `web`: which of them answers is chance"]
        );
        let apart = route("one", "web", &[("Host(`a.org`)", &a)]) + &route("two", "websecure", &[("Host(`a.org`)", &b)]);
        assert_eq!(messages("", &apart), [""; 0], "they never meet");
        let twins = route("one", "web", &[("Host(`a.org`)", &a)]) + &route("two", "web", &[("Host(`a.org`)", &a)]);
        assert_eq!(messages("", &twins), [""; 0], "both lead to one Service");
        let both = route("one", "web, websecure", &[("Host(`a.org`) && PathPrefix(`/`)", &a)])
            + &ingress("b", "", "a.org", "/");
        assert_eq!(messages("", &both).len(), 1, "an Ingress listens everywhere");
        let other = ingress("b", ", annotations: {kubernetes.io/ingress.class: nginx}", "a.org", "/");
        assert_eq!(messages("", &(both.replace("kind: Ingress\n", "kind: Other\n") + &other)), [""; 0]);
    }

    #[test]
    fn a_route_behind_another() {
        let (a, b) = (to("a"), to("b"));
        let tell = |one: &str, more: &str, other: &str| {
            let more = format!("{b}{more}");
            messages("", &route("x", "websecure", &[(one, &a), (other, &more)])).len()
        };
        assert_eq!(tell("Host(`a.org`)", "", "Host(`a.org`) && Path(`/b`)"), 0, "the longer rule comes first");
        assert_eq!(tell("Host(`a.org`) && Path(`/b`)", ", priority: 90", "Host(`a.org`)"), 1);
        assert_eq!(tell("Host(`a.org`) && Path(`/b`)", ", priority: 9", "Host(`a.org`)"), 0);
        assert_eq!(tell("Host(`a.org`)", "", "HostRegexp(`^.+[.]?org$`)"), 1, "a long pattern before a short host");
        assert_eq!(tell("Host(`a.org`)", ", priority: 1", "HostRegexp(`^.+[.]?org$`)"), 0);
        assert_eq!(tell("Host(`a.org`) && Path(`/x`)", "", "Host(`a.org`) && !PathPrefix(`/api`)"), 1);
    }

    #[test]
    fn each_way_in_counts() {
        let (a, b) = (to("a"), to("b"));
        let high = format!("{b}, priority: 99");
        let half = route("one", "web, websecure", &[("Host(`a.org`)", &a)]) + &route("two", "web", &[("Host(`a.org`)", &high)]);
        assert_eq!(messages("", &half), [""; 0]);
        let whole = half.clone() + &route("three", "websecure", &[("Host(`a.org`)", &high.replace('b', "c"))]);
        assert_eq!(messages("", &whole).len(), 1);
        let tls = route("four", "web", &[("Host(`a.org`)", &a)]).replace("  routes", "  tls: {}\n  routes");
        assert_eq!(messages("", &(tls + &route("two", "web", &[("Host(`a.org`)", &high)]))), [""; 0]);
    }

    #[test]
    fn what_takes_all_of_an_entry_point() {
        let plain = route("one", "web", &[("Host(`a.org`)", &to("a"))]);
        let redirect = "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik, namespace: kube-system}\n\
                        spec: {valuesContent: \"additionalArguments: ['--entryPoints.web.http.redirections.entryPoint.to=:443']\"}\n---\n";
        assert_eq!(
            messages("", &(plain.clone() + redirect)),
            ["\"Host(`a.org`)\": `Host(`a.org`)` gets no request: all of `web` is redirected to https"]
        );
        let both = plain.replace("[web]", "[web, websecure]");
        assert_eq!(messages("", &(both + redirect)), [""; 0]);
        let tcp = "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nmetadata: {name: all}\nspec: {entryPoints: [web], routes: \
                   [{match: HostSNI(`*`), services: [{name: t, port: 1}]}]}\n---\n";
        assert_eq!(messages("", &(plain.clone() + tcp)).len(), 1);
        assert_eq!(messages("", &(plain + &tcp.replace("[web]", "[ssh]"))), [""; 0]);
        let secure = route("one", "websecure", &[("Host(`a.org`) && Path(`/x`)", &to("a"))]);
        let tls = tcp.replace("[web]", "[websecure]").replace("spec: {", "spec: {tls: {passthrough: true}, ");
        assert_eq!(messages("", &(secure.clone() + &tls)), [""; 0], "what takes all is asked last");
        assert_eq!(messages("", &(secure.clone() + &tls.replace('*', "a.org"))).len(), 1);
        assert_eq!(messages("", &(secure + &tls.replace('*', "b.org"))), [""; 0]);
    }

    #[test]
    fn streams_share_no_entry_point() {
        let stream = |kind: &str, name: &str, points: &str, rule: &str| {
            format!(
                "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute{kind}\nmetadata: {{name: {name}}}\nspec: {{entryPoints: [{points}], \
                 routes: [{{{rule}services: [{{name: {name}, port: 1}}]}}]}}\n---\n"
            )
        };
        let all = "match: HostSNI(`*`), ";
        assert_eq!(messages("", &(stream("TCP", "a", "ssh", all) + &stream("TCP", "b", "ssh", all))).len(), 1);
        assert_eq!(messages("", &(stream("TCP", "a", "ssh", all) + &stream("TCP", "b", "git", all))), [""; 0]);
        let named = "match: HostSNI(`a.org`), ";
        assert_eq!(messages("", &(stream("TCP", "a", "ssh", all) + &stream("TCP", "b", "ssh", named))), [""; 0]);
        assert_eq!(messages("", &(stream("UDP", "a", "dns", "") + &stream("UDP", "b", "dns", ""))).len(), 1);
    }

    #[test]
    fn another_traefik_has_rules_of_its_own() {
        let same = route("one", "web", &[("Host(`a.org`)", &to("a")), ("Host(`a.org`)", &to("b"))]);
        assert_eq!(messages("k3s: {version: v1.37.1+k3s1, disable: [traefik]}", &same), [""; 0]);
    }

    #[test]
    fn an_ingress_for_all_hosts_of_a_domain() {
        let wide = ingress("wide", "", "*.a.org", "/");
        let one = ingress("one", "", "x.a.org", "/");
        assert_eq!(messages("", &(wide.clone() + &one)), [""; 0], "which rule is longer depends on Traefik's version");
        let high = wide.replace("{name: wide}", "{name: wide, annotations: {traefik.ingress.kubernetes.io/router.priority: '500'}}");
        assert_eq!(messages("", &(high + &one)).len(), 1);
    }
}
