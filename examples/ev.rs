use granit_parser::*;
fn main() {
    for a in std::env::args().skip(1) {
        let a = a.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
        println!("== {a:?}");
        let mut o = Options::default();
        o.set_emit_comments(false);
        o.emit_anchor_events = true;
        let mut p = Parser::new_from_str_with_options(&a, o);
        while let Some(n) = p.next_event() {
            match n {
                Ok((e, s)) => println!("{:?} {:?}..{:?}", e, s.start.byte_offset(), s.end.byte_offset()),
                Err(e) => {
                    println!("ERR {e:?}");
                    break;
                }
            }
        }
    }
}
