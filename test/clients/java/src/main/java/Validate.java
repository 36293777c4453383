import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * An ordinary API: it validates the tokens that it is called with by Nimbus, as Spring's resource servers do. Prints what
 * it read from each token, or what it refused it for, as JSON. Nothing here knows of Innate.
 */
public final class Validate {
    public static void main(String[] args) throws Exception {
        Map<String, Object> outcomes = new TreeMap<>();
        for (Map.Entry<String, Object> sent : JSONObjectUtils.parse(System.getenv("TOKENS")).entrySet()) {
            outcomes.put(sent.getKey(), outcome((Map<?, ?>) sent.getValue()));
        }
        System.out.println(JSONObjectUtils.toJSONString(outcomes));
    }

    private static Object outcome(Map<?, ?> sent) {
        try {
            JWTClaimsSet claims = processor(sent).process((String) sent.get("token"), null);
            return Map.of("aud", claims.getAudience().get(0), "iss", claims.getIssuer());
        } catch (Exception error) {
            return error.getClass().getSimpleName() + ": " + error.getMessage();
        }
    }

    private static DefaultJWTProcessor<SecurityContext> processor(Map<?, ?> sent) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create((String) sent.get("configuration"))).build();
        String document = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
        URI keys = URI.create((String) JSONObjectUtils.parse(document).get("jwks_uri"));
        DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, null));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(
            JWSAlgorithm.RS256, JWKSourceBuilder.create(keys.toURL()).build()));
        processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>((String) sent.get("audience"),
            new JWTClaimsSet.Builder().issuer((String) sent.get("issuer")).build(), Set.of("sub", "exp", "iat", "nbf")));
        return processor;
    }
}
