//! k3s releases: how one is written, what each packages, and since when k3s does what.

use std::fmt;

use super::served;

/// A full release such as `v1.22.7+k3s1`. Ordered as released within a minor; a newer minor is greater, whatever
/// the dates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    /// Kubernetes' major.
    pub major: u16,
    /// Kubernetes' minor.
    pub minor: u16,
    /// Kubernetes' patch.
    pub patch: u16,
    /// The N of `+k3sN`, from 1: k3s changes between builds of one patch (its own issue 8774).
    pub build: u16,
}

/// The newest release that the rows below know.
const NEWEST: Version = v1(37, 1, 1);

/// The oldest that packages Traefik v2, and so knows IngressRoute.
const OLDEST: Version = v1(21, 0, 1);

/// What a release packages. It holds until the next row of the same minor; each minor begins with a row of its own,
/// since the first releases of a minor may be older than the last ones of the minor before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Packaged {
    from: Version,
    /// The Traefik chart; it changes *inside* a minor.
    charts: Charts,
    /// Major of Traefik.
    traefik: u16,
}

/// Majors of the Traefik chart that a release may package: one, or more where it is known only by its date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Charts {
    /// The oldest.
    pub first: u16,
    /// The newest.
    pub last: u16,
}

/// From the project's facts page on k3s (3.1); Traefik's version by k3s' release notes (k3s-io/docs). Rows `by_date` were
/// not read there but follow from what other minors got in the same weeks, since k3s releases all minors together.
const PACKAGED: &[Packaged] = &[
    packaged(v1(21, 0, 1), 9, 2),
    packaged(v1(22, 0, 1), 10, 2),
    by_date(v1(22, 16, 1), 10, 20, 2),
    packaged(v1(23, 0, 1), 10, 2), // as 1.22.7 before and 1.24.0 after
    by_date(v1(23, 13, 1), 10, 20, 2),
    packaged(v1(24, 0, 1), 10, 2),
    packaged(v1(24, 7, 1), 12, 2),
    packaged(v1(24, 8, 1), 20, 2),
    packaged(v1(24, 14, 1), 21, 2),
    by_date(v1(25, 0, 1), 10, 12, 2),
    packaged(v1(25, 3, 1), 12, 2),
    packaged(v1(25, 4, 1), 20, 2),
    packaged(v1(25, 10, 1), 21, 2),
    packaged(v1(25, 15, 2), 25, 2),
    by_date(v1(26, 0, 1), 12, 20, 2),
    by_date(v1(26, 5, 1), 20, 21, 2),
    packaged(v1(26, 10, 2), 25, 2),
    packaged(v1(27, 0, 1), 20, 2),
    packaged(v1(27, 2, 1), 21, 2),
    packaged(v1(27, 7, 2), 25, 2),
    packaged(v1(28, 0, 1), 21, 2),
    packaged(v1(28, 3, 2), 25, 2),
    by_date(v1(28, 14, 1), 25, 27, 2),
    packaged(v1(29, 0, 1), 25, 2), // as 1.28.3 before and 1.30.0 after
    by_date(v1(29, 9, 1), 25, 27, 2),
    packaged(v1(30, 0, 1), 25, 2),
    by_date(v1(30, 5, 1), 25, 27, 2),
    packaged(v1(30, 6, 1), 27, 2),
    packaged(v1(31, 0, 1), 25, 2),
    by_date(v1(31, 1, 1), 25, 27, 2),
    packaged(v1(31, 2, 1), 27, 2),
    packaged(v1(32, 0, 1), 27, 2),
    packaged(v1(32, 2, 1), 34, 3),
    packaged(v1(32, 10, 1), 37, 3),
    packaged(v1(32, 11, 3), 38, 3),
    by_date(v1(32, 13, 1), 38, 39, 3),
    packaged(v1(33, 0, 1), 34, 3),
    packaged(v1(33, 6, 1), 37, 3),
    by_date(v1(33, 7, 2), 37, 38, 3),
    by_date(v1(33, 9, 1), 38, 39, 3),
    packaged(v1(33, 13, 1), 40, 3),
    packaged(v1(34, 0, 1), 34, 3),
    packaged(v1(34, 2, 1), 37, 3),
    packaged(v1(34, 3, 3), 38, 3),
    packaged(v1(34, 5, 1), 39, 3),
    packaged(v1(34, 9, 1), 40, 3),
    packaged(v1(35, 0, 1), 37, 3),
    packaged(v1(35, 0, 3), 38, 3),
    packaged(v1(35, 2, 1), 39, 3),
    packaged(v1(35, 6, 1), 40, 3),
    packaged(v1(36, 0, 1), 39, 3),
    packaged(v1(36, 2, 1), 40, 3),
    packaged(v1(37, 0, 1), 41, 3),
];

/// A change of k3s, with the first release of each minor that has it: k3s ports changes back. Minors before the first
/// never got it, those after the last were born with it.
type Change = &'static [Version];

/// The packaged traefik-crd chart is 25 or newer: it knows `traefik.io` (facts 3.2). The first builds had the new
/// Traefik with the old CRDs (k3s issues 8772, 8774).
const TRAEFIK_IO: Change = &[v1(25, 15, 2), v1(26, 10, 2), v1(27, 7, 2), v1(28, 3, 2)];

/// The packaged traefik-crd chart is 34 or newer: it knows `traefik.containo.us` no more (facts 3.2; k3s PR 11694).
const CONTAINO_US_GONE: Change = &[v1(32, 2, 1)];

/// ServiceLB lists only nodes with a ready local endpoint (facts 4; k3s PRs 6726, 6907, 6908, 6909).
const LOCAL_HONOURED: Change = &[v1(23, 17, 1), v1(24, 11, 1), v1(25, 7, 1), v1(26, 2, 1)];

/// ServiceLB's pods look at `loadBalancerSourceRanges` (klipper-lb 0.4.0; k3s PR 6549, of November 2022; facts 4).
const SOURCE_RANGES_HONOURED: Change = &[v1(23, 15, 1), v1(24, 9, 1), v1(25, 5, 1), v1(26, 0, 1)];

/// HelmChartConfig has `failurePolicy` (helm-controller 0.12.0; facts 2).
const FAILURE_POLICY: Change = &[v1(24, 0, 1)];

/// HelmChart and HelmChartConfig have `values`, a map, beside the text `valuesContent` (helm-controller 0.16.20; the release
/// notes of v1.35.3 name 0.16.17, those of v1.35.4 and v1.36.0 name 0.17.1; older minors by date).
const CHART_VALUES: Change = &[v1(33, 11, 1), v1(34, 7, 1), v1(35, 4, 1)];

/// A kind that has left a file is pruned (k3s issue 5559; facts 1.6).
const EMPTIED_PRUNED: Change = &[v1(22, 10, 1), v1(23, 7, 1), v1(24, 1, 1)];

/// Pruning looks into all namespaces, not only those that the file still names (wrangler 1.0.0; facts 1.6, inferred).
const LEFT_NAMESPACE_PRUNED: Change = &[v1(23, 5, 1)];

/// The facts of one release.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    version: Version,
    packaged: Packaged,
}

impl Version {
    /// Reads a full release.
    ///
    /// # Errors
    /// What is missing or wrong, as a sentence for the place where it was written.
    pub fn parse(text: &str) -> Result<Version, String> {
        let shape = || "not a k3s release: write it in full, such as v1.22.7+k3s1".to_owned();
        let Some(rest) = text.strip_prefix('v') else {
            return Err(match Version::parse(&format!("v{text}")) {
                Ok(version) => format!("a k3s release begins with `v`: {version}"),
                Err(reason) => reason,
            });
        };
        let (kubernetes, build) = match rest.split_once('+') {
            Some((kubernetes, build)) => (kubernetes, Some(build)),
            None => (rest, None),
        };
        if text.contains("-rc") || text.contains("-alpha") || text.contains("-beta") {
            return Err("not a release but a candidate: write a release, such as v1.22.7+k3s1".to_owned());
        }
        let numbers = kubernetes.split('.').map(number).collect::<Option<Vec<_>>>().ok_or_else(shape)?;
        match (numbers.as_slice(), build) {
            ([_] | [_, _], None) => {
                Err("chart keys change inside patch releases: write the full release, such as v1.22.7+k3s1"
                    .to_owned())
            }
            (&[major, minor, patch], None) => Err(format!(
                "`+k3sN` is missing, and k3s changes between builds of one patch: write the full release, such as \
                 {}",
                Version { major, minor, patch, build: 1 }
            )),
            (&[major, minor, patch], Some(build)) => build
                .strip_prefix("k3s")
                .and_then(number)
                .filter(|&build| build > 0)
                .map(|build| Version { major, minor, patch, build })
                .ok_or_else(shape),
            _ => Err(shape()),
        }
    }

    /// Whether this release has a change: decided by the boundary of its own minor, if there is one.
    fn has(self, change: Change) -> bool {
        let same_minor = change.iter().find(|since| (since.major, since.minor) == (self.major, self.minor));
        same_minor.or(change.last()).is_some_and(|since| self >= *since)
    }
}

impl Release {
    /// The facts of a release. One that is newer than all rows gets the newest row's
    /// ([`Release::is_newer_than_known`]).
    ///
    /// # Errors
    /// A release from before Traefik v2, as a sentence.
    pub fn of(version: Version) -> Result<Release, String> {
        let rows = PACKAGED.partition_point(|row| row.from <= version);
        let row = rows.checked_sub(1).and_then(|last| PACKAGED.get(last));
        row.map(|&packaged| Release { version, packaged }).ok_or_else(|| {
            format!(
                "{version} packages Traefik v1, which knows no IngressRoute: {OLDEST} is the oldest release \
                     that stackc knows"
            )
        })
    }

    /// The release itself.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether these are facts of an older release, since no row is this new.
    pub fn is_newer_than_known(&self) -> bool {
        self.version > NEWEST
    }

    /// The newest release that stackc knows, to name it beside [`Release::is_newer_than_known`].
    pub fn newest_known() -> Version {
        NEWEST
    }

    /// `apiVersion` of IngressRoute and Middleware.
    pub fn ingress_route_api(&self) -> &'static str {
        if self.version.has(TRAEFIK_IO) { "traefik.io/v1alpha1" } else { "traefik.containo.us/v1alpha1" }
    }

    /// Whether the packaged Traefik has its custom resources in this API group: `traefik.io`, or the older
    /// `traefik.containo.us`; for a while it had both.
    pub fn has_traefik_group(&self, group: &str) -> bool {
        match group {
            "traefik.io" => self.version.has(TRAEFIK_IO),
            _ => !self.version.has(CONTAINO_US_GONE),
        }
    }

    /// Major of the packaged Traefik: 2 or 3.
    pub fn traefik(&self) -> u16 {
        self.packaged.traefik
    }

    /// The packaged Traefik chart, as far as it is known.
    pub fn traefik_charts(&self) -> Charts {
        self.packaged.charts
    }

    /// Whether ServiceLB honours `externalTrafficPolicy: Local`. Before, it sent connections to any node, from where
    /// they reach Traefik with a cluster address as their source (k3s issue 6633).
    pub fn servicelb_honours_local(&self) -> bool {
        self.version.has(LOCAL_HONOURED)
    }

    /// Whether ServiceLB looks at `loadBalancerSourceRanges`.
    pub fn servicelb_honours_source_ranges(&self) -> bool {
        self.version.has(SOURCE_RANGES_HONOURED)
    }

    /// Whether a HelmChartConfig may say `failurePolicy: abort`.
    pub fn has_failure_policy(&self) -> bool {
        self.version.has(FAILURE_POLICY)
    }

    /// Whether a HelmChart or HelmChartConfig may have its values as a map, in `values`.
    pub fn has_chart_values(&self) -> bool {
        self.version.has(CHART_VALUES)
    }

    /// Whether k3s prunes what an emptied file has made; before, it stays in the cluster.
    pub fn prunes_emptied_file(&self) -> bool {
        self.version.has(EMPTIED_PRUNED)
    }

    /// Whether Kubernetes still serves a version of an API, as far as is known.
    pub fn serves(&self, api_version: &str) -> bool {
        served::is_served(api_version, self.version.minor)
    }

    /// Whether k3s prunes an object in a namespace that its file names no more; before, it stays in the cluster.
    pub fn prunes_left_namespace(&self) -> bool {
        self.version.has(LEFT_NAMESPACE_PRUNED)
    }
}

impl Charts {
    /// Whether the release's chart is surely one of those from the first up to, without, the second.
    pub fn within(self, charts: (u16, u16)) -> bool {
        charts.0 <= self.first && self.last < charts.1
    }
}

impl fmt::Display for Charts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last.saturating_sub(self.first) {
            0 => write!(f, "{}", self.first),
            1 => write!(f, "{} or {}", self.first, self.last),
            _ => write!(f, "{} to {}", self.first, self.last),
        }
    }
}

impl fmt::Display for Version {
    /// `v1.22.7+k3s1`, as k3s names its releases.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}+k3s{}", self.major, self.minor, self.patch, self.build)
    }
}

/// A row's release.
const fn v1(minor: u16, patch: u16, build: u16) -> Version {
    Version { major: 1, minor, patch, build }
}

const fn packaged(from: Version, chart: u16, traefik: u16) -> Packaged {
    by_date(from, chart, chart, traefik)
}

const fn by_date(from: Version, first: u16, last: u16, traefik: u16) -> Packaged {
    Packaged { from, charts: Charts { first, last }, traefik }
}

/// Digits without sign or leading zero: what k3s writes, so that each release has one spelling.
fn number(text: &str) -> Option<u16> {
    let spelled = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Release {
        Release::of(Version::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn a_full_release_is_read_and_written() {
        let version = Version::parse("v1.22.7+k3s1").unwrap();
        assert_eq!(version, v1(22, 7, 1));
        assert_eq!(version.to_string(), "v1.22.7+k3s1");
        assert_eq!(Version::parse("v1.32.11+k3s13").unwrap(), v1(32, 11, 13));
        assert_eq!(Version::parse("v1.28.0+k3s1").unwrap(), v1(28, 0, 1));
    }

    #[test]
    fn what_is_missing_is_said() {
        let in_full = "chart keys change inside patch releases: write the full release, such as v1.22.7+k3s1";
        let shape = "not a k3s release: write it in full, such as v1.22.7+k3s1";
        let candidate = "not a release but a candidate: write a release, such as v1.22.7+k3s1";
        for (text, reason) in [
            ("v1.22", in_full),
            ("1.22", in_full),
            ("v1", in_full),
            (
                "v1.25.15",
                "`+k3sN` is missing, and k3s changes between builds of one patch: write the full release, such as v1.25.15+k3s1",
            ),
            ("1.22.7+k3s1", "a k3s release begins with `v`: v1.22.7+k3s1"),
            ("v1.22.7-rc1+k3s1", candidate),
            ("v1.22.7+k3s1-rc1", candidate),
            ("v1.22.7+k3s", shape),
            ("v1.22.7+k3s0", shape),
            ("v1.22.7+rke2r1", shape),
            ("v1.22+k3s1", shape),
            ("v1.22.7.1+k3s1", shape),
            ("v1.022.7+k3s1", shape),
            ("v1.22.+7+k3s1", shape),
            ("v1.22.7+k3s1 ", shape),
            ("v1.99999.7+k3s1", shape),
            ("v1.22.7+k3s1+k3s2", shape),
            ("vv1.22.7+k3s1", shape),
            ("latest", shape),
            ("stable", shape),
            ("v", shape),
            ("", shape),
        ] {
            assert_eq!(Version::parse(text), Err(reason.to_owned()), "{text}");
        }
    }

    #[test]
    fn releases_are_ordered_by_number_not_by_text() {
        assert!(v1(9, 0, 1) < v1(22, 7, 1));
        assert!(v1(22, 7, 2) < v1(22, 10, 1));
        assert!(v1(25, 15, 1) < v1(25, 15, 2));
        assert!(v1(25, 15, 2) < v1(26, 0, 1));
    }

    #[test]
    fn rows_are_sorted_and_complete() {
        assert!(PACKAGED.is_sorted_by(|a, b| a.from < b.from));
        let firsts: Vec<Version> =
            PACKAGED.iter().map(|row| row.from).filter(|from| (from.patch, from.build) == (0, 1)).collect();
        let minors: Vec<Version> = (OLDEST.minor..=NEWEST.minor).map(|minor| v1(minor, 0, 1)).collect();
        assert_eq!(firsts, minors, "each minor begins with a row of its own");
        assert!(PACKAGED.iter().all(|row| row.from <= NEWEST));
        for pair in PACKAGED.windows(2).filter(|pair| pair[0].from.minor == pair[1].from.minor) {
            assert!(pair[0].charts < pair[1].charts, "{}: a row that changes nothing", pair[1].from);
            assert!(pair[0].charts.last <= pair[1].charts.last, "{}: charts only get newer", pair[1].from);
        }
    }

    #[test]
    fn changes_are_sorted_a_minor_each_without_a_gap() {
        for change in [
            TRAEFIK_IO,
            CONTAINO_US_GONE,
            LOCAL_HONOURED,
            SOURCE_RANGES_HONOURED,
            FAILURE_POLICY,
            CHART_VALUES,
            EMPTIED_PRUNED,
            LEFT_NAMESPACE_PRUNED,
        ] {
            assert!(!change.is_empty());
            assert!(change.windows(2).all(|pair| pair[1].minor == pair[0].minor + 1), "{change:?}");
            assert!(change.iter().all(|since| (OLDEST..=NEWEST).contains(since)), "{change:?}");
        }
    }

    /// The group is a matter of the packaged CRDs (facts 3.2): the two lists may not contradict each other.
    #[test]
    fn the_api_group_agrees_with_the_charts() {
        for row in PACKAGED {
            assert!(row.charts.first <= row.charts.last, "{}", row.from);
            for chart in [row.charts.first, row.charts.last] {
                assert_eq!(row.from.has(TRAEFIK_IO), chart >= 25, "{}", row.from);
                assert_eq!(row.traefik == 3, chart >= 28, "{}", row.from);
            }
        }
    }

    /// Asks each release on the near and the far side of a boundary.
    fn boundaries(ask: impl Fn(&Release) -> bool, pairs: &[(&str, &str)]) {
        for (before, after) in pairs {
            assert!(!ask(&release(before)), "{before}");
            assert!(ask(&release(after)), "{after}");
        }
    }

    #[test]
    fn ingress_route_group() {
        boundaries(
            |release| match release.ingress_route_api() {
                "traefik.containo.us/v1alpha1" => false,
                "traefik.io/v1alpha1" => true,
                other => panic!("{other}"),
            },
            &[
                ("v1.25.15+k3s1", "v1.25.15+k3s2"),
                ("v1.26.10+k3s1", "v1.26.10+k3s2"),
                ("v1.27.7+k3s1", "v1.27.7+k3s2"),
                ("v1.28.3+k3s1", "v1.28.3+k3s2"),
                ("v1.21.0+k3s1", "v1.29.0+k3s1"),
                ("v1.22.7+k3s1", "v1.32.1+k3s1"),
                ("v1.24.17+k3s1", "v1.37.1+k3s1"),
                ("v1.26.9+k3s1", "v1.26.11+k3s1"),
                ("v1.28.0+k3s1", "v1.28.4+k3s1"),
            ],
        );
    }

    #[test]
    fn traefik_groups() {
        let old = |release: &Release| !release.has_traefik_group("traefik.containo.us");
        boundaries(old, &[("v1.32.1+k3s1", "v1.32.2+k3s1"), ("v1.31.14+k3s1", "v1.33.0+k3s1")]);
        let new = |release: &Release| release.has_traefik_group("traefik.io");
        boundaries(new, &[("v1.27.7+k3s1", "v1.27.7+k3s2"), ("v1.22.7+k3s1", "v1.37.1+k3s1")]);
    }

    #[test]
    fn traefik_major() {
        boundaries(
            |release| release.traefik() == 3,
            &[
                ("v1.32.1+k3s1", "v1.32.2+k3s1"),
                ("v1.31.14+k3s1", "v1.33.0+k3s1"),
                ("v1.21.0+k3s1", "v1.37.1+k3s1"),
            ],
        );
    }

    #[test]
    fn local_traffic_policy() {
        boundaries(
            Release::servicelb_honours_local,
            &[
                ("v1.23.16+k3s1", "v1.23.17+k3s1"),
                ("v1.24.10+k3s1", "v1.24.11+k3s1"),
                ("v1.25.6+k3s1", "v1.25.7+k3s1"),
                ("v1.26.1+k3s1", "v1.26.2+k3s1"),
                ("v1.22.17+k3s1", "v1.27.1+k3s1"),
                ("v1.22.7+k3s1", "v1.37.1+k3s1"),
            ],
        );
    }

    #[test]
    fn source_ranges() {
        boundaries(
            Release::servicelb_honours_source_ranges,
            &[
                ("v1.23.14+k3s1", "v1.23.15+k3s1"),
                ("v1.24.8+k3s1", "v1.24.9+k3s1"),
                ("v1.25.4+k3s1", "v1.25.5+k3s1"),
                ("v1.22.17+k3s1", "v1.26.0+k3s1"),
                ("v1.22.7+k3s1", "v1.37.1+k3s1"),
            ],
        );
    }

    #[test]
    fn failure_policy() {
        boundaries(
            Release::has_failure_policy,
            &[("v1.23.17+k3s1", "v1.24.0+k3s1"), ("v1.22.7+k3s1", "v1.37.1+k3s1")],
        );
    }

    #[test]
    fn chart_values() {
        boundaries(
            Release::has_chart_values,
            &[
                ("v1.33.10+k3s1", "v1.33.11+k3s1"),
                ("v1.34.6+k3s1", "v1.34.7+k3s1"),
                ("v1.35.3+k3s1", "v1.35.4+k3s1"),
                ("v1.32.13+k3s1", "v1.36.0+k3s1"),
            ],
        );
    }

    #[test]
    fn emptied_file() {
        boundaries(
            Release::prunes_emptied_file,
            &[
                ("v1.22.9+k3s1", "v1.22.10+k3s1"),
                ("v1.23.6+k3s1", "v1.23.7+k3s1"),
                ("v1.24.0+k3s1", "v1.24.1+k3s1"),
                ("v1.21.14+k3s1", "v1.25.0+k3s1"),
                ("v1.22.7+k3s1", "v1.37.1+k3s1"),
            ],
        );
    }

    #[test]
    fn left_namespace() {
        boundaries(
            Release::prunes_left_namespace,
            &[
                ("v1.23.4+k3s1", "v1.23.5+k3s1"),
                ("v1.22.17+k3s1", "v1.24.0+k3s1"),
                ("v1.21.14+k3s1", "v1.37.1+k3s1"),
            ],
        );
    }

    #[test]
    fn charts_on_both_sides_of_each_row() {
        for pair in PACKAGED.windows(2) {
            let (before, row) = (pair[0], pair[1]);
            if before.from.minor == row.from.minor {
                let last = match row.from.build {
                    1 => v1(row.from.minor, row.from.patch - 1, 9),
                    build => v1(row.from.minor, row.from.patch, build - 1),
                };
                assert_eq!(Release::of(last).unwrap().traefik_charts(), before.charts, "{last}");
            }
            assert_eq!(Release::of(row.from).unwrap().traefik_charts(), row.charts, "{}", row.from);
        }
    }

    /// As the release notes name Traefik: 3.5.1 came with chart 37, 3.6.7 with 38, 3.6.9 to 3.6.13 with 39, 3.7 with 40.
    #[test]
    fn charts_of_releases_in_use() {
        for (text, charts) in [
            ("v1.22.7+k3s1", "10"),
            ("v1.29.15+k3s1", "25 to 27"),
            ("v1.32.12+k3s1", "38"),
            ("v1.32.13+k3s1", "38 or 39"),
            ("v1.33.5+k3s1", "34"),
            ("v1.33.6+k3s1", "37"),
            ("v1.33.7+k3s1", "37"),
            ("v1.33.8+k3s1", "37 or 38"),
            ("v1.33.12+k3s1", "38 or 39"),
            ("v1.33.13+k3s2", "40"),
            ("v1.34.3+k3s1", "37"),
            ("v1.34.4+k3s1", "38"),
            ("v1.34.5+k3s1", "39"),
            ("v1.34.6+k3s1", "39"),
            ("v1.34.9+k3s1", "40"),
            ("v1.35.1+k3s1", "38"),
            ("v1.35.2+k3s1", "39"),
            ("v1.35.4+k3s1", "39"),
            ("v1.35.6+k3s1", "40"),
            ("v1.36.1+k3s1", "39"),
            ("v1.37.1+k3s1", "41"),
        ] {
            assert_eq!(release(text).traefik_charts().to_string(), charts, "{text}");
        }
    }

    #[test]
    fn too_old_is_refused() {
        assert!(Release::of(v1(21, 0, 1)).is_ok());
        assert_eq!(
            Release::of(v1(20, 15, 1)).unwrap_err(),
            "v1.20.15+k3s1 packages Traefik v1, which knows no IngressRoute: v1.21.0+k3s1 is the oldest release that stackc knows"
        );
        assert!(Release::of(Version { major: 0, minor: 30, patch: 0, build: 1 }).is_err());
    }

    #[test]
    fn too_new_gets_the_newest_row() {
        assert!(!release("v1.37.1+k3s1").is_newer_than_known());
        assert!(!release("v1.36.9+k3s1").is_newer_than_known());
        for text in ["v1.37.1+k3s2", "v1.37.2+k3s1", "v1.38.0+k3s1", "v2.0.0+k3s1"] {
            let release = release(text);
            assert!(release.is_newer_than_known(), "{text}");
            assert_eq!(release.traefik_charts().first, 41, "{text}");
            assert_eq!(release.ingress_route_api(), "traefik.io/v1alpha1", "{text}");
            assert!(release.servicelb_honours_local() && release.has_failure_policy(), "{text}");
        }
    }
}
