//! Do all pods fit the nodes at once?
//!
//! In: a [`Packing`]: what each node has, pods alike as [`Group`]s with what they ask for and where they may land, and which
//! of them never share a node. Out: a [`Fit`].
//!
//! Cpu and memory do not add up over nodes: two nodes with 1 GiB left hold no pod of 2 GiB. So this packs. First by hand
//! (`greedy`), which decides nearly all clusters; if that fails, by what no placement can do (`bound`: too much asked of a
//! set of nodes, in sum); if that decides nothing, by trying all placements (`search`), up to a number of steps.
//!
//! What must hold: [`Fit::Fits`] and [`Fit::Cannot`] are proofs; where the steps run out, the answer is [`Fit::Unknown`].
//! Small clusters are always decided (the tests hold each answer against brute force).

mod bound;
mod greedy;
mod search;

use std::collections::{BTreeMap, BTreeSet};

/// What is counted, in the order of [`crate::kube::COUNTED`].
pub type Amounts = [u64; 2];

/// What a node has that does not say what it has.
pub const UNBOUNDED: u64 = u64::MAX;

/// Placements of one pod that are tried before the answer is [`Fit::Unknown`]: some milliseconds.
const STEPS: usize = 50_000;

/// Groups of a proof that are tried to be left out of it, and the placements for each trial.
const NAMED: usize = 40;
const FEW_STEPS: usize = 5_000;

/// Pods alike.
#[derive(Clone, Default, Debug)]
pub struct Group {
    /// How many.
    pub count: usize,
    /// One on each of its nodes, whatever the count.
    pub each: bool,
    /// What one asks for.
    pub asks: Amounts,
    /// Where they may land: indices of [`Packing::rooms`].
    pub nodes: Vec<usize>,
}

/// Nodes, and pods that want a place.
#[derive(Clone, Default, Debug)]
pub struct Packing {
    /// What each node has.
    pub rooms: Vec<Amounts>,
    /// The pods.
    pub groups: Vec<Group>,
    /// Pairs of groups of which no two pods share a node, the lower index first; a group may be its own other.
    pub apart: BTreeSet<(usize, usize)>,
}

/// Whether they fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fit {
    /// They do; what a placement leaves of each node.
    Fits(Vec<Amounts>),
    /// No placement holds them all.
    Cannot(Tight),
    /// Neither was shown within the steps.
    Unknown,
}

/// Pods that have these nodes and no others, and do not fit them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tight {
    /// The pods, by group.
    pub groups: Vec<usize>,
    /// The nodes.
    pub nodes: Vec<usize>,
    /// Why.
    pub by: By,
}

/// Why pods do not fit nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// In sum they ask for more of this than the nodes have.
    Amount(usize),
    /// They are more than the nodes, and no two of them share one.
    Apart,
    /// In sum there is enough, but pods cannot be cut in pieces.
    Pieces,
}

/// A node on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Site {
    left: Amounts,
    /// Groups with foes that have a pod here, sorted.
    here: Vec<usize>,
}

/// A packing, prepared.
struct Solver<'a> {
    packing: &'a Packing,
    /// Of each group, those whose pods never share a node with its own.
    foes: Vec<Vec<usize>>,
}

impl Packing {
    /// Whether all pods find a place. A group without nodes is left out: nothing is said of it.
    pub fn fit(&self) -> Fit {
        match self.fit_within(STEPS) {
            Fit::Cannot(tight) => Fit::Cannot(self.smallest(tight)),
            fit => fit,
        }
    }

    /// A proof without the groups that it does not need, so that people read of the few that matter.
    fn smallest(&self, mut tight: Tight) -> Tight {
        let mut groups = tight.groups.clone();
        if groups.len() > NAMED || tight.by != By::Pieces {
            return tight;
        }
        groups.sort_by_key(|index| (std::cmp::Reverse(self.group(*index).nodes.len()), *index));
        for without in groups {
            let mut fewer = self.clone();
            for (index, group) in fewer.groups.iter_mut().enumerate() {
                if index == without || !tight.groups.contains(&index) {
                    group.nodes.clear();
                }
            }
            if let Fit::Cannot(smaller) = fewer.fit_within(FEW_STEPS) {
                tight = smaller;
            }
        }
        tight
    }

    fn fit_within(&self, steps: usize) -> Fit {
        let solver = Solver::new(self);
        let sites = match solver.forced() {
            Ok(sites) => sites,
            Err(tight) => return Fit::Cannot(tight),
        };
        let free = solver.free();
        if let Some(sites) = solver.greedy(&free, &sites) {
            return fits(&sites);
        }
        let mut placed = sites;
        let mut known = true;
        for part in solver.parts(&free) {
            match solver.part(&part, &placed, steps) {
                Ok(Some(sites)) => placed = sites,
                Ok(None) => known = false,
                Err(tight) => return Fit::Cannot(tight),
            }
        }
        if known { fits(&placed) } else { Fit::Unknown }
    }

    fn group(&self, index: usize) -> &Group {
        const NONE: &Group = &Group { count: 0, each: false, asks: [0; 2], nodes: Vec::new() };
        self.groups.get(index).unwrap_or(NONE)
    }
}

fn fits(sites: &[Site]) -> Fit {
    Fit::Fits(sites.iter().map(|site| site.left).collect())
}

impl<'a> Solver<'a> {
    fn new(packing: &'a Packing) -> Self {
        let mut foes = vec![Vec::new(); packing.groups.len()];
        for &(one, other) in &packing.apart {
            for (of, foe) in BTreeSet::from([(one, other), (other, one)]) {
                if let Some(foes) = foes.get_mut(of) {
                    foes.push(foe);
                }
            }
        }
        Solver { packing, foes }
    }

    fn foes(&self, group: usize) -> &[usize] {
        self.foes.get(group).map_or(&[], Vec::as_slice)
    }

    /// Whether one more pod of a group finds a place here.
    fn takes(&self, site: &Site, group: usize) -> bool {
        let asks = self.packing.group(group).asks;
        asks.iter().zip(&site.left).all(|(asked, left)| asked <= left)
            && !self.foes(group).iter().any(|foe| site.here.binary_search(foe).is_ok())
    }

    fn put(&self, site: &mut Site, group: usize) {
        for (asked, left) in self.packing.group(group).asks.iter().zip(&mut site.left) {
            if *left != UNBOUNDED {
                *left = left.saturating_sub(*asked);
            }
        }
        if !self.foes(group).is_empty() {
            let at = site.here.partition_point(|other| *other < group);
            site.here.insert(at, group);
        }
    }

    /// The nodes with what can stand nowhere else.
    fn forced(&self) -> Result<Vec<Site>, Tight> {
        let site = |left: &Amounts| Site { left: *left, here: Vec::new() };
        let mut sites: Vec<Site> = self.packing.rooms.iter().map(site).collect();
        for (index, group) in self.packing.groups.iter().enumerate() {
            let count = if group.each { 1 } else { group.count };
            if !self.is_forced(index) || !self.matters(index) {
                continue;
            }
            for &node in &group.nodes {
                let Some(site) = sites.get_mut(node) else { continue };
                for _ in 0..count {
                    if !self.takes(site, index) {
                        return Err(self.crowded(node, index, site));
                    }
                    self.put(site, index);
                }
            }
        }
        Ok(sites)
    }

    fn is_forced(&self, index: usize) -> bool {
        let group = self.packing.group(index);
        group.each || group.nodes.len() == 1
    }

    /// Whether it asks for anything.
    fn matters(&self, index: usize) -> bool {
        self.packing.group(index).asks.iter().any(|amount| *amount > 0) || !self.foes(index).is_empty()
    }

    /// One node that cannot hold what must stand there.
    fn crowded(&self, node: usize, last: usize, site: &Site) -> Tight {
        let asks = self.packing.group(last).asks;
        let amount = asks.iter().zip(&site.left).position(|(asked, left)| asked > left);
        let here = |index: &usize| self.is_forced(*index) && self.packing.group(*index).nodes.contains(&node);
        let asking = |index: &usize| match amount {
            Some(counted) => self.packing.group(*index).asks.get(counted).is_some_and(|asked| *asked > 0),
            None => *index == last || self.foes(last).contains(index),
        };
        let groups = (0..=last).filter(here).filter(asking).collect();
        Tight { groups, nodes: vec![node], by: amount.map_or(By::Apart, By::Amount) }
    }

    /// Groups that have a choice, those with the fewest nodes first, then the largest.
    fn free(&self) -> Vec<usize> {
        let total = |counted: usize| -> u64 {
            let rooms = self.packing.rooms.iter().filter_map(|room| room.get(counted).copied());
            rooms.filter(|amount| *amount != UNBOUNDED).fold(1, u64::saturating_add)
        };
        let totals = [total(0), total(1)];
        // In millionths of all that there is: what is scarce is the larger part of it.
        let size = |group: &Group| -> u128 {
            let part = |(asked, total): (&u64, &u64)| {
                u128::from(*asked).saturating_mul(1_000_000).checked_div(u128::from(*total)).unwrap_or(0)
            };
            group.asks.iter().zip(&totals).map(part).max().unwrap_or(0)
        };
        let has_choice = |index: &usize| !self.is_forced(*index) && self.matters(*index);
        let mut free: Vec<usize> = (0..self.packing.groups.len()).filter(has_choice).collect();
        free.retain(|index| !self.packing.group(*index).nodes.is_empty());
        free.sort_by_cached_key(|index| {
            let group = self.packing.group(*index);
            (group.nodes.len(), std::cmp::Reverse(size(group)), *index)
        });
        free
    }

    /// Free groups by the nodes that they could take from one another: each part is decided alone.
    fn parts(&self, free: &[usize]) -> Vec<Vec<usize>> {
        let mut of: Vec<usize> = (0..self.packing.rooms.len()).collect();
        for group in free {
            let nodes = &self.packing.group(*group).nodes;
            let joined: BTreeSet<usize> = nodes.iter().filter_map(|node| of.get(*node).copied()).collect();
            let Some(&first) = joined.first() else { continue };
            of.iter_mut().filter(|part| joined.contains(part)).for_each(|part| *part = first);
        }
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &group in free {
            let first = self.packing.group(group).nodes.first().and_then(|node| of.get(*node));
            parts.entry(first.copied().unwrap_or_default()).or_default().push(group);
        }
        parts.into_values().collect()
    }

    /// A part by itself: placed, not decided, or a proof that it cannot be.
    fn part(&self, groups: &[usize], sites: &[Site], steps: usize) -> Result<Option<Vec<Site>>, Tight> {
        if let Some(placed) = self.greedy(groups, sites) {
            return Ok(Some(placed));
        }
        if let Some(tight) = self.short(groups, sites) {
            return Err(tight);
        }
        self.search(groups, sites, steps)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;

    use super::*;

    /// Each pod on each node, one after another.
    fn brute(packing: &Packing, pods: &[usize], sites: &mut Vec<(Amounts, Vec<usize>)>) -> bool {
        let Some((&index, rest)) = pods.split_first() else { return true };
        let group = &packing.groups[index];
        group.nodes.iter().any(|&node| {
            let before = sites[node].clone();
            let met =
                before.1.iter().any(|other| packing.apart.contains(&(index.min(*other), index.max(*other))));
            if met || (0..2).any(|counted| group.asks[counted] > before.0[counted]) {
                return false;
            }
            for counted in 0..2 {
                sites[node].0[counted] -=
                    if before.0[counted] == UNBOUNDED { 0 } else { group.asks[counted] };
            }
            sites[node].1.push(index);
            let fits = brute(packing, rest, sites);
            sites[node] = before;
            fits
        })
    }

    /// A group with one pod on each of its nodes is a group for each node.
    fn spelled(packing: &Packing) -> Packing {
        let mut spelled = Packing { rooms: packing.rooms.clone(), ..Packing::default() };
        let mut from = Vec::new();
        for (index, group) in packing.groups.iter().enumerate() {
            let parts: Vec<Vec<usize>> = if group.each {
                group.nodes.iter().map(|node| vec![*node]).collect()
            } else {
                vec![group.nodes.clone()]
            };
            for nodes in parts {
                let count = if group.each { 1 } else { group.count };
                spelled.groups.push(Group { count, each: false, asks: group.asks, nodes });
                from.push(index);
            }
        }
        let apart = |one: usize, other: usize| packing.apart.contains(&(one.min(other), one.max(other)));
        for one in 0..from.len() {
            spelled.apart.extend(
                (one..from.len()).filter(|other| apart(from[one], from[*other])).map(|other| (one, other)),
            );
        }
        spelled
    }

    fn truth(packing: &Packing) -> bool {
        let packing = spelled(packing);
        let pods = packing.groups.iter().enumerate().filter(|(_, group)| !group.nodes.is_empty());
        let pods: Vec<usize> =
            pods.flat_map(|(index, group)| std::iter::repeat_n(index, group.count)).collect();
        brute(&packing, &pods, &mut packing.rooms.iter().map(|room| (*room, Vec::new())).collect())
    }

    /// Up to four nodes and seven pods, in amounts so small that sums and pieces both matter.
    fn packings() -> impl Strategy<Value = Packing> {
        let amount = || prop_oneof![8 => 0u64..7, 1 => Just(UNBOUNDED)];
        let rooms = vec((amount(), amount()).prop_map(|(cpu, memory)| [cpu, memory]), 1..5);
        rooms.prop_flat_map(|rooms| {
            let nodes = btree_set(0..rooms.len(), 0..=rooms.len());
            let group = (0usize..4, prop::bool::weighted(0.2), 0u64..5, 0u64..5, nodes);
            let group = group.prop_map(|(count, each, cpu, memory, nodes)| {
                let nodes: Vec<usize> = nodes.into_iter().collect();
                Group { count, each, asks: [cpu, memory], nodes }
            });
            (Just(rooms), vec(group, 0..5), btree_set((0usize..5, 0usize..5), 0..3)).prop_map(
                |(rooms, mut groups, pairs)| {
                    let mut pods = 0;
                    for group in &mut groups {
                        group.count = group.count.min(7 - pods);
                        pods += group.count;
                    }
                    let known = |(one, other): &(usize, usize)| one.max(other) < &groups.len();
                    let apart = pairs.into_iter().map(|(one, other)| (one.min(other), one.max(other)));
                    let apart = apart.filter(known).collect();
                    Packing { rooms, groups, apart }
                },
            )
        })
    }

    /// Only what a proof names: its pods on its nodes.
    fn named(packing: &Packing, tight: &Tight) -> Packing {
        let mut named = packing.clone();
        for (index, group) in named.groups.iter_mut().enumerate() {
            group.nodes.retain(|node| tight.nodes.contains(node));
            if !tight.groups.contains(&index) {
                group.nodes.clear();
            }
        }
        named
    }

    /// How many cases a property is tried on; `STACKC_LONG=1` for the long run.
    #[expect(clippy::disallowed_methods, reason = "a test may ask how long it may run")]
    fn cases() -> u32 {
        if std::env::var_os("STACKC_LONG").is_some() { 200_000 } else { 4_000 }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn small_clusters_are_decided_as_by_brute_force(packing in packings()) {
            let truth = truth(&packing);
            match packing.fit() {
                Fit::Fits(left) => {
                    prop_assert!(truth, "{packing:?}");
                    let both = left.iter().zip(&packing.rooms);
                    prop_assert!(both.flat_map(|(left, room)| left.iter().zip(room)).all(|(left, room)| left <= room));
                }
                Fit::Cannot(tight) => {
                    prop_assert!(!truth, "{packing:?}");
                    prop_assert!(!self::truth(&named(&packing, &tight)), "{tight:?} of {packing:?}");
                }
                Fit::Unknown => prop_assert!(false, "not decided: {packing:?}"),
            }
        }

        #[test]
        fn without_a_search_nothing_false_is_said(packing in packings()) {
            match packing.fit_within(0) {
                Fit::Fits(_) => prop_assert!(truth(&packing)),
                Fit::Cannot(tight) => {
                    prop_assert!(!truth(&packing));
                    prop_assert!(tight.by != By::Pieces);
                }
                Fit::Unknown => {}
            }
        }
    }

    /// The clusters by chance above are of every sort, or the two tests would show little.
    #[test]
    fn chance_reaches_every_answer() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let mut seen = [0; 4];
        for _ in 0..3_000 {
            let packing = packings().new_tree(&mut runner).unwrap().current();
            seen[match packing.fit() {
                Fit::Cannot(Tight { by: By::Amount(_), .. }) => 0,
                Fit::Cannot(Tight { by: By::Apart, .. }) => 1,
                Fit::Cannot(Tight { by: By::Pieces, .. }) => 2,
                _ => 3,
            }] += 1;
        }
        assert!(seen.iter().all(|times| *times >= 20), "{seen:?}");
    }

    fn group(count: usize, cpu: u64, nodes: &[usize]) -> Group {
        Group { count, each: false, asks: [cpu, 0], nodes: nodes.to_vec() }
    }

    fn packing(rooms: &[u64], groups: Vec<Group>) -> Packing {
        let rooms = rooms.iter().map(|cpu| [*cpu, UNBOUNDED]).collect();
        Packing { rooms, groups, apart: BTreeSet::new() }
    }

    fn cannot(packing: &Packing) -> Tight {
        match packing.fit() {
            Fit::Cannot(tight) => tight,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_proof_names_the_nodes_that_are_too_small() {
        let packing =
            packing(&[4, 4, 100], vec![group(3, 3, &[0, 1]), group(1, 50, &[2, 0]), group(1, 90, &[1, 2])]);
        let tight = cannot(&packing);
        assert_eq!((tight.groups, tight.nodes, tight.by), (vec![0], vec![0, 1], By::Amount(0)));
    }

    #[test]
    fn pods_are_not_cut_in_pieces() {
        let packing =
            packing(&[4, 4], vec![group(3, 2, &[0, 1]), group(1, 0, &[0, 1]), group(2, 1, &[0, 1])]);
        assert!(matches!(packing.fit(), Fit::Fits(_)));
        let whole = Packing { groups: vec![group(2, 3, &[0, 1]), group(1, 2, &[0, 1])], ..packing };
        let tight = cannot(&whole);
        assert_eq!((tight.groups, tight.nodes, tight.by), (vec![0, 1], vec![0, 1], By::Pieces));
    }

    #[test]
    fn what_must_be_apart_needs_a_node_each() {
        let mut packing = packing(&[9, 9, 9], vec![group(2, 1, &[0, 1]), group(1, 1, &[0, 1])]);
        packing.apart = BTreeSet::from([(0, 0), (0, 1), (1, 1)]);
        let tight = cannot(&packing);
        assert_eq!((tight.groups, tight.nodes, tight.by), (vec![0, 1], vec![0, 1], By::Apart));
        packing.apart = BTreeSet::from([(0, 0)]);
        assert!(matches!(packing.fit(), Fit::Fits(_)));
    }

    #[test]
    fn one_on_each_node_and_what_has_no_choice() {
        let each = Group { each: true, ..group(0, 1, &[0, 1]) };
        let mut packing = packing(&[2, 3], vec![each, group(1, 2, &[0])]);
        let tight = cannot(&packing);
        assert_eq!((tight.groups, tight.nodes, tight.by), (vec![0, 1], vec![0], By::Amount(0)));
        packing.rooms[0] = [3, UNBOUNDED];
        assert_eq!(packing.fit(), Fit::Fits(vec![[0, UNBOUNDED], [2, UNBOUNDED]]));
    }

    /// A thousand apps of three pods on thirty nodes: decided at once, full or over-full.
    #[test]
    fn large_clusters_are_decided_by_hand_or_by_sums() {
        let all: Vec<usize> = (0..30).collect();
        let groups: Vec<Group> = (0..1_000u64).map(|index| group(3, 10 + index % 7, &all)).collect();
        let asked: u64 = groups.iter().map(|group| group.asks[0] * 3).sum();
        let share = asked.div_ceil(30);
        assert!(matches!(packing(&[share + 16; 30], groups.clone()).fit(), Fit::Fits(_)));
        assert_eq!(cannot(&packing(&[share - 1; 30], groups)).by, By::Amount(0));
    }

    /// Pieces that nearly fill their nodes: the steps run out, and nothing is said.
    #[test]
    fn what_is_not_decided_in_time_is_not_told() {
        let all: Vec<usize> = (0..12).collect();
        let groups: Vec<Group> = (0..37u64).map(|index| group(1, 1_000 + index * 7, &all)).collect();
        let asked: u64 = groups.iter().map(|group| group.asks[0]).sum();
        assert_eq!(packing(&[asked.div_ceil(12) + 90; 12], groups).fit(), Fit::Unknown);
    }
}
