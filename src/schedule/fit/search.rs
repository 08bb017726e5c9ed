//! All placements of a few pods, but for those that differ from one already tried only in names: pods of a group stand in
//! the order of their nodes, and of nodes that are alike in what is left, who is there and who may come, one is tried.

use std::collections::{BTreeMap, BTreeSet};

use super::{Amounts, By, Site, Solver, Tight, UNBOUNDED};

/// Pods that are tried at all: each is a step down the stack.
const PODS: usize = 400;

struct Search<'a> {
    solver: &'a Solver<'a>,
    /// The group of each pod.
    pods: Vec<usize>,
    /// What the pods from each one on ask for.
    asked: Vec<Amounts>,
    /// The nodes of the part, and which of them the same groups may use.
    nodes: BTreeMap<usize, usize>,
    sites: Vec<Site>,
    steps: usize,
}

/// The steps ran out.
struct Endless;

impl Solver<'_> {
    /// A placement, a proof that there is none, or neither.
    pub(super) fn search(
        &self,
        groups: &[usize],
        sites: &[Site],
        steps: usize,
    ) -> Result<Option<Vec<Site>>, Tight> {
        let count: usize =
            groups.iter().map(|index| self.packing.group(*index).count).fold(0, usize::saturating_add);
        if count > PODS || steps == 0 {
            return Ok(None);
        }
        let pods =
            groups.iter().flat_map(|index| std::iter::repeat_n(*index, self.packing.group(*index).count));
        let pods: Vec<usize> = pods.collect();
        let mut asked = vec![[0; 2]];
        for pod in pods.iter().rev() {
            let last: Amounts = asked.last().copied().unwrap_or_default();
            let own = self.packing.group(*pod).asks;
            asked.push(std::array::from_fn(|counted| add(&last, &own, counted)));
        }
        asked.reverse();
        let mut search =
            Search { solver: self, pods, asked, nodes: self.alike(groups), sites: sites.to_vec(), steps };
        match search.place(0, 0) {
            Ok(true) => Ok(Some(search.sites)),
            Err(Endless) => Ok(None),
            Ok(false) => {
                let nodes: Vec<usize> = search.nodes.into_keys().collect();
                let here = |index: &usize| {
                    self.is_forced(*index) && self.matters(*index) && self.stands_on(*index, &nodes)
                };
                let forced = (0..self.packing.groups.len()).filter(here);
                let groups: BTreeSet<usize> = groups.iter().copied().chain(forced).collect();
                Err(Tight { groups: groups.into_iter().collect(), nodes, by: By::Pieces })
            }
        }
    }

    fn stands_on(&self, group: usize, nodes: &[usize]) -> bool {
        self.packing.group(group).nodes.iter().any(|node| nodes.contains(node))
    }

    /// Nodes of a part, each with a number that it shares with those that the same groups may use.
    fn alike(&self, groups: &[usize]) -> BTreeMap<usize, usize> {
        let mut used_by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &group in groups {
            for &node in &self.packing.group(group).nodes {
                used_by.entry(node).or_default().push(group);
            }
        }
        let classes: BTreeSet<&Vec<usize>> = used_by.values().collect();
        let classes: BTreeMap<&Vec<usize>, usize> = classes.into_iter().zip(0..).collect();
        used_by
            .iter()
            .map(|(node, groups)| (*node, classes.get(groups).copied().unwrap_or_default()))
            .collect()
    }
}

fn add(one: &Amounts, other: &Amounts, counted: usize) -> u64 {
    let of = |amounts: &Amounts| amounts.get(counted).copied().unwrap_or_default();
    of(one).saturating_add(of(other))
}

impl Search<'_> {
    /// Places the pods from this one on, the first on one of its group's nodes from the one numbered `from` on.
    fn place(&mut self, pod: usize, from: usize) -> Result<bool, Endless> {
        let Some(&group) = self.pods.get(pod) else { return Ok(true) };
        if !self.could(pod) {
            return Ok(false);
        }
        let next = pod.saturating_add(1);
        let twin = self.pods.get(next) == Some(&group);
        let solver = self.solver;
        let nodes = &solver.packing.group(group).nodes;
        let mut tried: Vec<usize> = Vec::new();
        for (at, &node) in nodes.iter().enumerate().skip(from) {
            self.steps = self.steps.checked_sub(1).ok_or(Endless)?;
            if tried.iter().any(|other| self.same(*other, node)) {
                continue;
            }
            tried.push(node);
            let Some(site) = self.sites.get_mut(node).filter(|site| solver.takes(site, group)) else {
                continue;
            };
            let before = site.clone();
            solver.put(site, group);
            if self.place(next, if twin { at } else { 0 })? {
                return Ok(true);
            }
            if let Some(site) = self.sites.get_mut(node) {
                *site = before;
            }
        }
        Ok(false)
    }

    /// Whether two nodes are alike for all that is to come.
    fn same(&self, one: usize, other: usize) -> bool {
        self.nodes.get(&one) == self.nodes.get(&other) && self.sites.get(one) == self.sites.get(other)
    }

    /// Whether what is left is enough in sum.
    fn could(&self, pod: usize) -> bool {
        let asked = self.asked.get(pod).copied().unwrap_or_default();
        let left = |counted: usize| {
            let sites =
                self.nodes.keys().filter_map(|node| self.sites.get(*node)?.left.get(counted).copied());
            sites.fold(
                0,
                |sum: u64, left| if left == UNBOUNDED { UNBOUNDED } else { sum.saturating_add(left) },
            )
        };
        asked.iter().enumerate().all(|(counted, asked)| *asked <= left(counted))
    }
}
