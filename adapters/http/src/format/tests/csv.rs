use super::{fault, in_parts, whole};
use crate::Csv;
use serde_json::{Value, json};

#[test]
fn rows_are_records_by_the_names_of_the_first() {
    let body = "\u{feff}id,name,\r\n1,\"a \"\"b\"\"\",\r\n\r\n2,\"x\ny\",z\r\n";
    let expected = [
        json!({"id": "1", "name": "a \"b\"", "column_3": ""}),
        json!({"id": "2", "name": "x\ny", "column_3": "z"}),
    ];
    for part in 1..10 {
        assert_eq!(in_parts(&Csv::new(), body.as_bytes(), part).unwrap().0, expected);
    }
    assert_eq!(whole(&Csv::new(), ""), (vec![], Value::Null));
    assert_eq!(whole(&Csv::new(), "id,name\n"), (vec![], Value::Null));
}

#[test]
fn names_may_be_given_and_values_null() {
    let csv = Csv::new().names(["a", "b"]).delimiter(b'\t').empty_as_null();
    assert_eq!(whole(&csv, "1\t\n").0, [json!({"a": "1", "b": null})]);
}

#[test]
fn quotes_that_are_never_closed_swallow_no_rows() {
    let told = |line| {
        format!(
            "the body is not CSV: it ends inside quotes, which were opened in the row that begins at line \
             {line}"
        )
    };
    for (body, line) in [
        ("id,name\n1,\"a\n2,b\n3,c\n", 2),
        ("id,name\n1,a\n2,\"b", 3),
        ("id,name\n1,a\n2,\"", 3),
        ("id,name\n1,\"a\"\"\n2,b\n", 2),
        ("id,\"name\n1,a\n", 1),
    ] {
        assert_eq!(fault(&Csv::new(), body), told(line), "{body}");
    }
    // These are closed, or no quotes.
    for (name, value) in [
        ("\"a\n\"", "a\n"),
        ("\"a\n\"\n", "a\n"),
        ("\"a\"\"\"", "a\""),
        ("\"\"\r\n", ""),
        ("6\" nail", "6\" nail"),
        ("6\"", "6\""),
        ("a\r", "a"),
        ("\"a\"\r", "a"),
    ] {
        let rows = whole(&Csv::new(), &*format!("id,name\n1,{name}")).0;
        assert_eq!(rows, [json!({"id": "1", "name": value})], "{name}");
    }
}

#[test]
fn a_wrong_row_is_named_by_its_line() {
    let told = |body: &str| fault(&Csv::new(), body);
    assert_eq!(
        told("a,b\n1,\"2\n\"\n3\n"),
        "the body is not CSV: line 4 has 1 values where 2 were expected"
    );
    let given = Csv::new().names(["a"]);
    assert_eq!(
        fault(&given, "hunter2,2\n"),
        "the body is not CSV: line 1 has 2 values where 1 were expected"
    );
    assert_eq!(told("a,b,a\n"), "the columns 1 and 3 of the CSV have the same name");
    assert_eq!(fault(&Csv::new(), b"a\n1\n\xe9\n"), "the body is not CSV in UTF-8: line 3");
    assert_eq!(
        told("<!doctype HTML><title>hunter2</title>"),
        "the body is a web page where CSV was expected: is the address that of the API?"
    );
}

#[test]
fn a_first_line_may_tell_the_delimiter() {
    let expected = [json!({"id": "1", "name": "a,b"})];
    for first in ["sep=;", "sep=;\r", "\u{feff}sep=;", "SEP=;", "\"sep=;\""] {
        for format in [Csv::new(), Csv::new().delimiter(b'\t'), Csv::new().delimiter(b';')] {
            let body = format!("{first}\nid;name\n1;a,b\n");
            assert_eq!(whole(&format, &body).0, expected, "{first}");
            assert_eq!(in_parts(&format, body.as_bytes(), 1).unwrap().0, expected, "{first}");
        }
    }
    assert_eq!(whole(&Csv::new().names(["a"]), "sep=|\n1\n").0, [json!({"a": "1"})]);
    assert_eq!(whole(&Csv::new(), "sep=\t\na\tb\n1\t2\n").0, [json!({"a": "1", "b": "2"})]);
    assert_eq!(whole(&Csv::new(), "sep=;\n"), (vec![], Value::Null));
    // Lines are those of the body.
    let told = fault(&Csv::new(), "sep=;\na;b\n1;2\n3\n");
    assert_eq!(told, "the body is not CSV: line 4 has 1 values where 2 were expected");
    assert!(fault(&Csv::new(), "sep=;\na;b\n1;\"2\n").ends_with("begins at line 3"));
    // A column may be called so.
    assert_eq!(whole(&Csv::new(), "sep,b\n1,2\n").0, [json!({"sep": "1", "b": "2"})]);
    assert_eq!(whole(&Csv::new(), "sep=x\n1\n").0, [json!({"sep=x": "1"})]);
}
