use super::super::OAuthSettings;
use airbyte_protocol::OAuthConnectorInput;
use serde_json::json;

#[test]
fn a_platform_is_told_which_settings_consent_fills() {
    let settings = OAuthSettings::under("credentials");
    let settings =
        settings.client_id("client_id").chosen_by(["credentials", "kind"], Some("oauth"));
    let settings = settings
        .access_token(["credentials", "access_token"], ["credentials", "token_expiry_date"]);
    let text = json!({"type": "string"});
    let object = |properties| json!({"type": "object", "additionalProperties": false, "properties": properties});
    assert_eq!(
        serde_json::to_value(settings.advanced_auth()).unwrap(),
        json!({
            "auth_flow_type": "oauth2.0",
            "predicate_key": ["credentials", "kind"],
            "predicate_value": "oauth",
            "oauth_config_specification": {
                "complete_oauth_output_specification": object(json!({
                    "refresh_token": {
                        "type": "string",
                        "path_in_connector_config": ["credentials", "refresh_token"],
                        "path_in_oauth_response": ["refresh_token"]
                    },
                    "access_token": {
                        "type": "string",
                        "path_in_connector_config": ["credentials", "access_token"],
                        "path_in_oauth_response": ["access_token"]
                    },
                    "token_expiry_date": {
                        "type": "string",
                        "path_in_connector_config": ["credentials", "token_expiry_date"],
                        "path_in_oauth_response": ["token_expiry_date"],
                        "format": "date-time"
                    }
                })),
                "complete_oauth_server_input_specification":
                    object(json!({"client_id": text, "client_secret": text})),
                "complete_oauth_server_output_specification": object(json!({
                    "client_id": {"type": "string", "path_in_connector_config": ["client_id"]},
                    "client_secret": {
                        "type": "string",
                        "path_in_connector_config": ["credentials", "client_secret"]
                    }
                }))
            }
        })
    );
}

#[test]
fn a_platform_may_be_told_where_users_consent() {
    let consent = OAuthConnectorInput {
        consent_url: "https://example.com/consent?client_id={{ client_id_value }}".to_owned(),
        access_token_url: "https://example.com/token".to_owned(),
        ..OAuthConnectorInput::default()
    };
    let auth = OAuthSettings::under("credentials").consent(consent.clone()).advanced_auth();
    assert_eq!(auth.predicate_key, Vec::<String>::new());
    assert_eq!(auth.oauth_config_specification.unwrap().connector_input, Some(consent));
}
