"""What a request has written: told by the commits of those of its use cases that had something to write."""

from app.storage.commits import Commits, CommitState


def test_a_use_case_that_was_refused_leaves_what_was_written_before() -> None:
    commits = Commits()
    commits.begin().state = CommitState.WRITTEN
    before = len(commits)
    commits.begin().state = CommitState.WRITTEN
    commits.forget_after(before)
    assert (commits.last, commits.number_written) == (CommitState.WRITTEN, 1)


def test_a_use_case_that_was_refused_before_it_began_leaves_it_too() -> None:
    commits = Commits()
    commits.forget_after(len(commits))
    assert (commits.last, commits.number_written) == (CommitState.NOTHING, 0)
    commits.begin().state = CommitState.UNKNOWN
    commits.forget_after(len(commits))
    assert commits.last is CommitState.UNKNOWN
