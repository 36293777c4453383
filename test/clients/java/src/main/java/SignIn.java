import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.ClientCertificateCredentialBuilder;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.WorkloadIdentityCredentialBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An ordinary Azure program: an application signs in with each kind of credential. Prints the kind of proof that each
 * token names, or the code of the refusal, as JSON. Nothing here knows of Innate.
 */
public final class SignIn {
    private static final String TENANT = System.getenv("AZURE_TENANT_ID");
    private static final String CLIENT = System.getenv("AZURE_CLIENT_ID");
    private static final String PATH = System.getenv("AZURE_CLIENT_CERTIFICATE_PATH");

    public static void main(String[] args) {
        StringJoiner outcomes = new StringJoiner(",", "{", "}");
        outcomes.add("\"secret\":" + outcome(secret(System.getenv("AZURE_CLIENT_SECRET"))));
        outcomes.add("\"certificate\":" + outcome(certificate(PATH).build()));
        outcomes.add("\"chain\":" + outcome(certificate(PATH).sendCertificateChain(true).build()));
        outcomes.add("\"other certificate\":" + outcome(certificate(System.getenv("OTHER_CERTIFICATE_PATH")).build()));
        outcomes.add("\"workload\":" + outcome(workload(System.getenv("AZURE_FEDERATED_TOKEN_FILE"))));
        outcomes.add("\"other workload\":" + outcome(workload(System.getenv("OTHER_FEDERATED_TOKEN_FILE"))));
        outcomes.add("\"wrong secret\":" + outcome(secret("wrong")));
        System.out.println(outcomes);
    }

    private static TokenCredential secret(String value) {
        return new ClientSecretCredentialBuilder().tenantId(TENANT).clientId(CLIENT).clientSecret(value).build();
    }

    private static ClientCertificateCredentialBuilder certificate(String path) {
        return new ClientCertificateCredentialBuilder().tenantId(TENANT).clientId(CLIENT).pemCertificate(path);
    }

    private static TokenCredential workload(String path) {
        return new WorkloadIdentityCredentialBuilder().tenantId(TENANT).clientId(CLIENT).tokenFilePath(path).build();
    }

    private static String outcome(TokenCredential credential) {
        TokenRequestContext request = new TokenRequestContext().addScopes(
            System.getenv().getOrDefault("TOKEN_SCOPE", "https://vault.azure.net/.default"));
        try {
            String token = credential.getTokenSync(request).getToken();
            byte[] payload = Base64.getUrlDecoder().decode(token.split("\\.")[1]);
            String claims = new String(payload, StandardCharsets.UTF_8);
            return "{\"oid\":\"" + find("\"oid\":\"([^\"]+)\"", claims) + "\",\"appidacr\":\""
                + find("\"appidacr\":\"([^\"]+)\"", claims) + "\"}";
        } catch (RuntimeException error) {
            return "\"" + find("(AADSTS\\d+)", String.valueOf(error.getMessage())) + "\"";
        }
    }

    private static String find(String pattern, String text) {
        Matcher match = Pattern.compile(pattern).matcher(text);
        return match.find() ? match.group(1) : "";
    }
}
