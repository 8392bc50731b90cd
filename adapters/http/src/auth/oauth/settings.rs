use airbyte_protocol::{AdvancedAuth, AuthFlow, OAuthConfig, OAuthConnectorInput};
use airbyte_singer_toolkit::Setting;
use serde_json::{Map, Value, json};

/// Where in a config stands what [`OAuth`](super::OAuth) needs, and where it keeps new tokens. The same
/// places make the block of a spec by which a platform asks for the user's consent instead of having
/// secrets typed.
///
/// ```
/// use airbyte_singer_sdk::http::OAuthSettings;
/// use airbyte_protocol::Specification;
///
/// let settings = OAuthSettings::under("credentials");
/// let mut spec = Specification::new(serde_json::Map::new());
/// spec.advanced_auth = Some(Box::new(settings.advanced_auth()));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OAuthSettings {
    client_id: Setting,
    client_secret: Setting,
    pub(super) refresh_token: Setting,
    pub(super) kept: Option<Kept>,
    chosen_by: Option<(Setting, Option<String>)>,
    consent: Option<OAuthConnectorInput>,
}

/// Where an access token stands, and when it ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    pub(super) access_token: Setting,
    pub(super) expiry: Setting,
}

impl OAuthSettings {
    /// `client_id`, `client_secret` and `refresh_token` in the object `parent`.
    pub fn under(parent: impl Into<Setting>) -> Self {
        let parent = parent.into();
        Self {
            client_id: parent.child("client_id"),
            client_secret: parent.child("client_secret"),
            refresh_token: parent.child("refresh_token"),
            kept: None,
            chosen_by: None,
            consent: None,
        }
    }

    /// All of them, the access token and its end too, beside the refresh token.
    pub(in super::super) fn around(refresh_token: &Setting) -> Self {
        let beside = |name| refresh_token.sibling(name);
        let settings = Self {
            client_id: beside("client_id"),
            client_secret: beside("client_secret"),
            refresh_token: refresh_token.clone(),
            kept: None,
            chosen_by: None,
            consent: None,
        };
        settings.access_token(beside("access_token"), beside("token_expiry_date"))
    }

    /// The client id stands elsewhere.
    #[must_use]
    pub fn client_id(mut self, setting: impl Into<Setting>) -> Self {
        self.client_id = setting.into();
        self
    }

    /// The client secret stands elsewhere.
    #[must_use]
    pub fn client_secret(mut self, setting: impl Into<Setting>) -> Self {
        self.client_secret = setting.into();
        self
    }

    /// The refresh token stands elsewhere.
    #[must_use]
    pub fn refresh_token(mut self, setting: impl Into<Setting>) -> Self {
        self.refresh_token = setting.into();
        self
    }

    /// The config also keeps the access token, and when it ends (RFC 3339), so that the next sync can go
    /// on with it. The spec must have both settings, the token's marked as a secret.
    #[must_use]
    pub fn access_token(mut self, token: impl Into<Setting>, ends: impl Into<Setting>) -> Self {
        self.kept = Some(Kept { access_token: token.into(), expiry: ends.into() });
        self
    }

    /// Consent is on offer only where the setting `key` is there and, if that is said, is `value`.
    #[must_use]
    pub fn chosen_by(mut self, key: impl Into<Setting>, value: Option<&str>) -> Self {
        self.chosen_by = Some((key.into(), value.map(str::to_owned)));
        self
    }

    /// Where the user consents and where the platform gets the first tokens, for platforms that do it from
    /// the spec alone.
    #[must_use]
    pub fn consent(mut self, at: OAuthConnectorInput) -> Self {
        self.consent = Some(at);
        self
    }

    /// The block for [`Specification::advanced_auth`](airbyte_protocol::Specification::advanced_auth):
    /// what the platform's administrator gives (the client), what the consent gives (the tokens), and
    /// the settings that they go to.
    pub fn advanced_auth(&self) -> AdvancedAuth {
        let (predicate_key, predicate_value) = match &self.chosen_by {
            Some((key, value)) => (key.path().to_vec(), value.clone()),
            None => (Vec::new(), None),
        };
        let client = [("client_id", &self.client_id), ("client_secret", &self.client_secret)];
        AdvancedAuth {
            auth_flow_type: Some(AuthFlow::OAuth2),
            predicate_key,
            predicate_value,
            oauth_config_specification: Some(OAuthConfig {
                connector_input: self.consent.clone(),
                output: Some(object(self.tokens())),
                server_input: Some(object(
                    client.map(|(name, _)| (name, json!({"type": "string"}))),
                )),
                server_output: Some(object(client.map(|(name, setting)| (name, text_at(setting))))),
                ..OAuthConfig::default()
            }),
            ..AdvancedAuth::default()
        }
    }

    /// What the consent gives.
    fn tokens(&self) -> Vec<(&'static str, Value)> {
        let from_answer = |name: &'static str, setting: &Setting| {
            let mut text = text_at(setting);
            text["path_in_oauth_response"] = json!([name]);
            (name, text)
        };
        let mut tokens = vec![from_answer("refresh_token", &self.refresh_token)];
        if let Some(kept) = &self.kept {
            tokens.push(from_answer("access_token", &kept.access_token));
            let (name, mut ends) = from_answer("token_expiry_date", &kept.expiry);
            ends["format"] = "date-time".into();
            tokens.push((name, ends));
        }
        tokens
    }
}

fn text_at(setting: &Setting) -> Value {
    json!({"type": "string", "path_in_connector_config": setting.path()})
}

fn object<'a>(properties: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let properties: Map<String, Value> =
        properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}
