// Sends narrow windows to the simple page, which fits them; `?page=graphiql` asks for GraphiQL all the same.
const isNarrow = matchMedia("(max-width: 799px)").matches;
if (isNarrow && !new URLSearchParams(location.search).has("page")) location.replace(`?page=simple${location.hash}`);
