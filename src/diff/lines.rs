//! Two texts, line by line.

/// What became of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// It is in both, and shown for its neighbours.
    Same,
    /// It is gone.
    Old,
    /// It is new.
    New,
    /// Lines that are in both were left out here.
    Gap,
}

/// Lines of context around a change.
const CONTEXT: usize = 2;

/// The most comparisons for a shortest answer; beyond it, all that lies between the first and the last difference counts
/// as exchanged.
const COMPARISONS: usize = 4_000_000;

/// Which lines go and which come: signs with the line's index, in the old text for what is gone, else in the new one.
pub(super) fn lines<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(Sign, usize)> {
    let alike = |pair: &(&T, &T)| pair.0 == pair.1;
    let start = old.iter().zip(new).take_while(alike).count();
    let rest = |all: usize| all.saturating_sub(start);
    let most = rest(old.len()).min(rest(new.len()));
    let end = old.iter().rev().zip(new.iter().rev()).take_while(alike).count().min(most);
    let (old_end, new_end) = (old.len().saturating_sub(end), new.len().saturating_sub(end));
    let old_middle = old.get(start..old_end).unwrap_or_default();
    let new_middle = new.get(start..new_end).unwrap_or_default();
    let mut signs: Vec<(Sign, usize)> = (0..start).map(|at| (Sign::Same, at)).collect();
    let middle = exchanged(old_middle, new_middle);
    signs.extend(middle.into_iter().map(|(sign, at)| (sign, at.saturating_add(start))));
    signs.extend((new_end..new.len()).map(|at| (Sign::Same, at)));
    signs
}

fn exchanged<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(Sign, usize)> {
    if old.len().saturating_mul(new.len()) > COMPARISONS {
        let gone = (0..old.len()).map(|at| (Sign::Old, at));
        return gone.chain((0..new.len()).map(|at| (Sign::New, at))).collect();
    }
    let longest = longest(old, new);
    let kept = |i: usize, j: usize| longest.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    let (mut i, mut j) = (0_usize, 0_usize);
    let mut signs = Vec::new();
    while i < old.len() || j < new.len() {
        if old.get(i).is_some() && old.get(i) == new.get(j) {
            signs.push((Sign::Same, j));
            (i, j) = (i.saturating_add(1), j.saturating_add(1));
        } else if j >= new.len()
            || (i < old.len() && kept(i.saturating_add(1), j) >= kept(i, j.saturating_add(1)))
        {
            signs.push((Sign::Old, i));
            i = i.saturating_add(1);
        } else {
            signs.push((Sign::New, j));
            j = j.saturating_add(1);
        }
    }
    signs
}

/// How many lines the rests from `i` and `j` can keep at most.
fn longest<T: PartialEq>(old: &[T], new: &[T]) -> Vec<Vec<u32>> {
    let mut rows: Vec<Vec<u32>> = vec![vec![0; new.len().saturating_add(1)]];
    for line in old.iter().rev() {
        let below = rows.last().cloned().unwrap_or_default();
        let mut row = vec![0_u32];
        for (j, other) in new.iter().enumerate().rev() {
            let right = row.last().copied().unwrap_or(0);
            let diagonal = below.get(j.saturating_add(1)).copied().unwrap_or(0);
            let down = below.get(j).copied().unwrap_or(0);
            row.push(if line == other { diagonal.saturating_add(1) } else { right.max(down) });
        }
        row.reverse();
        rows.push(row);
    }
    rows.reverse();
    rows
}

/// What changed with few lines around it.
pub(super) fn near(signs: Vec<(Sign, usize)>) -> Vec<(Sign, usize)> {
    let changed: Vec<usize> =
        signs.iter().enumerate().filter(|(_, (sign, _))| *sign != Sign::Same).map(|(at, _)| at).collect();
    let mut shown: Vec<(Sign, usize)> = Vec::new();
    for (at, sign) in signs.into_iter().enumerate() {
        let next = changed.partition_point(|changed| *changed < at);
        let before = next.checked_sub(1).and_then(|last| changed.get(last));
        let close = |other: &usize| other.abs_diff(at) <= CONTEXT;
        if changed.get(next).is_some_and(close) || before.is_some_and(close) {
            shown.push(sign);
        } else if shown.last().is_none_or(|(last, _)| *last != Sign::Gap) {
            shown.push((Sign::Gap, 0));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> String {
        let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
        let show = |(sign, at): (Sign, usize)| match sign {
            Sign::Same => format!(" {}", new[at]),
            Sign::Old => format!("-{}", old[at]),
            Sign::New => format!("+{}", new[at]),
            Sign::Gap => "..".to_owned(),
        };
        near(lines(&old, &new)).into_iter().map(show).collect()
    }

    #[test]
    fn the_least_is_told() {
        for (old, new, expected) in [
            ("", "", ""),
            ("", "a", "+a"),
            ("a", "", "-a"),
            ("abc", "abc", ".."),
            ("abc", "axc", " a-b+x c"),
            ("abcdefgh", "abcdefgx", ".. f g-h+x"),
            ("abcdefghij", "xbcdefghiy", "-a+x b c.. h i-j+y"),
            ("aab", "ab", " a-a b"),
            ("abab", "ba", "-a b a-b"),
        ] {
            assert_eq!(told(old, new), expected, "{old} {new}");
        }
    }

    #[test]
    fn what_is_told_makes_the_new_of_the_old() {
        let words = ["", "a", "b", "ab", "ba", "abc", "cab", "aabbcc", "bcabca"];
        for (old, new) in words.iter().flat_map(|old| words.iter().map(move |new| (old, new))) {
            let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
            let signs = lines(&old, &new);
            let side = |of: &dyn Fn(Sign) -> bool| signs.iter().filter(|(sign, _)| of(*sign)).count();
            assert_eq!(side(&|sign| sign != Sign::New), old.len());
            let made: Vec<char> =
                signs.iter().filter(|(sign, _)| *sign != Sign::Old).map(|(_, at)| new[*at]).collect();
            assert_eq!(made, new);
        }
    }

    #[test]
    fn long_texts_are_exchanged_in_their_middle() {
        let old: Vec<usize> = (0..10_000).collect();
        let new: Vec<usize> = (0..10_000).map(|line| if line % 2 == 1 { line } else { line + 1 }).collect();
        let signs = lines(&old, &new);
        assert_eq!(signs.last(), Some(&(Sign::Same, 9_999)));
        assert!(signs.iter().filter(|(sign, _)| *sign == Sign::Old).count() > 4_000);
    }
}
