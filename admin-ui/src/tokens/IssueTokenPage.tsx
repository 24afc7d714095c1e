export const IssueTokenPage = () => null;
