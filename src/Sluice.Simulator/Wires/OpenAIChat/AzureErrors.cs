namespace Sluice.Simulator.Wires.OpenAIChat;

/// <summary>Errors of Azure's edge, which has codes that are the status as a string; what the model's own server refuses looks as at OpenAI.</summary>
internal static class AzureErrors
{
    public static byte[] Body(WireRefusal error)
    {
        var (code, message) = (error.Status, error.Variant) switch
        {
            (400, "filter") => ("content_filter", "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry."),
            (401, _) => ("401", "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."),
            (404, "path") => ("404", "Resource not found"),
            (404, _) => ("DeploymentNotFound", "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."),
            (429, _) => ("429", "Requests to the ChatCompletions_Create Operation have exceeded the call rate limit of your pricing tier."),
            (503 or 529, _) => ("503", "The service is temporarily unable to process your request. Please try again later."),
            _ => (null, null),
        };
        if (code is null)
        {
            return ChatErrors.Body(error);
        }

        return Json.Bytes(w =>
        {
            w.WriteStartObject();
            w.WriteStartObject("error"u8);
            w.WriteString("code"u8, code);
            w.WriteString("message"u8, error.Message ?? message);
            if (code == "content_filter")
            {
                w.WriteString("param"u8, "prompt"u8);
                w.WriteNull("type"u8);
                w.WriteNumber("status"u8, 400);
                w.WriteStartObject("innererror"u8);
                w.WriteString("code"u8, "ResponsibleAIPolicyViolation"u8);
                w.WriteEndObject();
            }

            w.WriteEndObject();
            w.WriteEndObject();
        });
    }
}
