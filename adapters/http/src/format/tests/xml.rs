use super::{fault, in_parts, is_cut, whole};
use crate::Xml;
use serde_json::{Value, json};

fn at(path: &str) -> Xml {
    Xml::at(path.parse().unwrap())
}

#[test]
fn elements_become_texts_nulls_objects_and_arrays() {
    let body = r#"<?xml version="1.0"?><!DOCTYPE list><!-- x -->
        <list><item id="1" a:b="&lt;&#10;&quot;">
            <plain> x </plain><none/><empty></empty><kept xml:lang="en">t</kept>
            <many>1</many><many/><many>3</many>
            <mixed>one <b>two</b> three &amp; &#x41;<![CDATA[<raw> &]]></mixed>
            <ns:deep><x><y>z</y></x></ns:deep>
        </item></list>"#;
    let expected = json!({
        "@id": "1",
        "@a:b": "<\n\"",
        "plain": "x",
        "none": null,
        "empty": null,
        "kept": {"@xml:lang": "en", "#text": "t"},
        "many": ["1", null, "3"],
        "mixed": {"b": "two", "#text": "one  three & A<raw> &"},
        "ns:deep": {"x": {"y": "z"}},
    });
    for part in [1, 2, 3, 7, 4096] {
        let (records, rest) = in_parts(&Xml::new(), body.as_bytes(), part).unwrap();
        assert_eq!(json!(records), json!([expected]));
        assert_eq!(rest, json!({"list": {"item": []}}));
    }
}

#[test]
fn the_path_leads_to_the_records_and_the_rest_is_kept() {
    let body = "\u{feff}<Result><Token>abc</Token><Contents><Key>a</Key></Contents>\
                <Other><Contents>no</Contents></Other><Contents/><Contents>text</Contents></Result>";
    let (records, rest) = whole(&at("/Result/Contents"), body);
    assert_eq!(records, [json!({"Key": "a"}), json!({}), json!({"#text": "text"})]);
    let kept = json!({"Token": "abc", "Contents": [], "Other": {"Contents": "no"}});
    assert_eq!(rest, json!({"Result": kept}));
    let body = "<a><b><c>1</c></b><x><c>2</c></x><b><d/><c><c>3</c></c></b></a>";
    assert_eq!(whole(&at("/a/b/c"), body).0, [json!({"#text": "1"}), json!({"c": "3"})]);
    assert_eq!(whole(&at("/a/*/c"), body).0.len(), 3);
    assert_eq!(whole(&at("/a"), body).0.len(), 1);
    assert_eq!(whole(&at(""), body).0.len(), 3);
    assert_eq!(whole(&at("/a/none"), body).0, [] as [Value; 0]);
}

#[test]
fn what_is_no_xml_is_told_by_its_line_and_never_shown() {
    let told = |body: &str| fault(&Xml::new(), body);
    assert_eq!(
        told("<a>\n<b></hunter2></a>"),
        "the body is not XML: elements that don't match, line 2"
    );
    assert_eq!(
        told("<a><b>\n\n&hunter2;</b></a>"),
        "the body is not XML: an unknown entity, line 3"
    );
    assert_eq!(told("<a>x & y</a>"), "the body is not XML: a lone `&`, line 1");
    assert_eq!(told("<a><!x></a>"), "the body is not XML: unknown markup, line 1");
    assert_eq!(told("<a b='1' b='2'/>"), "the body is not XML: a wrong attribute, line 1");
    assert_eq!(told("<a b='&hunter2;'/>"), "the body is not XML: an unknown entity, line 1");
    assert_eq!(told("{\"a\": 1}"), "the body is not XML: text outside of its root, line 1");
    assert_eq!(
        fault(&Xml::new(), b"<a>\n<b>\xe9</b></a>"),
        "the body is not XML: it is not in UTF-8, line 2"
    );
    assert_eq!(told(" "), "the body is empty where XML was expected");
    assert_eq!(
        fault(&at("/feed/entry"), "<rss/>"),
        "the XML has another root than the path to its records"
    );
    let deep = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
    assert_eq!(told(&deep), "the XML is more than 128 elements deep");
}

#[test]
fn an_entity_of_the_document_is_not_followed() {
    let body = "<!DOCTYPE a [<!ENTITY x \"xx\"><!ENTITY y \"&x;&x;\">]><a><b>&y;</b></a>";
    assert_eq!(fault(&Xml::new(), body), "the body is not XML: an unknown entity, line 1");
}

#[test]
fn a_document_that_ends_too_early_may_be_whole_another_time() {
    let body = "<a x='1'><!-- c --><b>te&#65;xt</b><![CDATA[x]]></a>";
    for end in 1..body.len() {
        assert!(is_cut(&Xml::new(), &body[..end]), "{}", &body[..end]);
    }
}

#[test]
fn a_page_is_refused_and_one_that_is_quoted_is_not() {
    let page = "the body is a web page where XML was expected: is the address that of the API?";
    let head = "<?xml version='1.0'?><!-- x -->\n";
    assert_eq!(fault(&Xml::new(), format!("{head}<!DOCTYPE HTML><html></html>")), page);
    assert_eq!(fault(&Xml::new(), format!("{head}<HTML lang='en'></HTML>")), page);
    let feed = "<feed><entry><body><![CDATA[<html>hello</html>]]></body></entry></feed>";
    let (records, _) = whole(&Xml::new(), format!("{head}{feed}"));
    assert_eq!(json!(records), json!([{"body": "<html>hello</html>"}]));
}
