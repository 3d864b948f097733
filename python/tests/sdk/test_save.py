import numpy as np
import pytest
import rules

from lepton_ai import Client, Deployer, InvalidArgumentError, LossyConversionError, ModelInvalidError, ModelRepository, RepositoryNotFoundError, VersionExistsError, VersionNotFoundError


@pytest.fixture(scope="module")
def repository(platform):
    return ModelRepository("saved", create=True)


def test_a_missing_repository_says_how_to_create_it_and_the_nearest_name(platform, repository):
    with pytest.raises(RepositoryNotFoundError, match=r"'saved'\? Create it with: lepton-ai create-repository savde"):
        ModelRepository("savde")


def test_rules_are_saved_from_their_source_served_and_loaded_back(repository, capsys):
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    saved = repository.save_model(rules.Rules(), "rules", example_inputs={"x": x}, labels=["stable"], metadata={"note": "by hand"})
    assert saved.format == "python"
    assert [(each["name"], each["datatype"], each["shape"]) for each in saved.signature["inputs"]] == [("x", "FP32", [-1, 4])]
    assert saved.metadata["note"] == "by hand"
    assert repository.labels() == {"stable": "rules"}
    deployer = Deployer("tester")
    deployer.deploy_model(repository, "rules", service_name="rules")
    live = rules.Rules().predict(x)
    with Client() as client:
        answer = client.infer("rules", {"x": x})
        assert answer.version == "rules" and answer.prediction_id and answer.timing.total_ms > 0
        np.testing.assert_array_equal(answer["high"], live["high"])
        np.testing.assert_allclose(answer["root"], live["root"])
        with pytest.raises(InvalidArgumentError, match=r"expected FP32\[-1, 4\], given FP64\[2, 4\]"):
            client.infer("rules", {"x": x.astype(np.float64)})
        with pytest.raises(InvalidArgumentError, match="dimension 1 is 3 in place of 4"):
            client.infer("rules", {"x": x[:, :3]})
        with pytest.raises(VersionNotFoundError):
            client.infer("rules", {"x": x}, version="other")
        assert client.feedback(answer.prediction_id, reward=1)["version"] == "rules"
    loaded = repository.load_model("stable")
    np.testing.assert_array_equal(loaded.predict(x)["high"], live["high"])
    deployer.undeploy("rules")


def test_the_same_again_sends_nothing_and_other_content_is_refused(repository, capsys):
    x = np.ones((1, 4), dtype=np.float32)
    first = repository.save_model(rules.Rules(), "twice", example_inputs=x)
    capsys.readouterr()
    assert repository.save_model(rules.Rules(), "twice", example_inputs=x).digest == first.digest
    assert "saved:twice exists already, unchanged" in capsys.readouterr().out
    with pytest.raises(VersionExistsError, match=r"other content \(different: lepton-examples.json.*save under another name"):
        repository.save_model(rules.Rules(), "twice", example_inputs=x * 2)


def test_a_model_that_answers_otherwise_when_it_is_loaded_back_is_refused(repository):
    class_ = rules.Rules
    model = class_()
    model.predict = lambda x: {"high": x.sum(axis=1) > 3, "root": x.sum(axis=1) + 1}  # what its source does not say
    with pytest.raises(LossyConversionError, match=r"largest difference|is BOOL|is FP"):
        repository.save_model(model, "lossy", example_inputs={"x": np.ones((1, 4), dtype=np.float32)})
    with pytest.raises(VersionNotFoundError):
        repository.version("lossy")


def test_what_a_module_computes_is_not_saved(repository):
    with pytest.raises(ModelInvalidError, match="TABLE, which the module computes"):
        repository.save_model(rules.Computed, "computed")
    with pytest.raises(ModelInvalidError, match="no model that can be saved"):
        repository.save_model(object(), "nothing")


def test_versions_diff_download_and_delete(repository, tmp_path):
    x = np.ones((1, 4), dtype=np.float32)
    repository.save_model(rules.Rules, "a", example_inputs=x)
    repository.save_model(rules.Rules, "b", example_inputs=x * 2)
    assert {"a", "b"} <= {each.version for each in repository.versions()}
    assert [each["path"] for each in repository.diff("a", "b")["files"]] == ["lepton-examples.json"]
    repository.download("a", tmp_path / "a")
    assert "class Rules" in (tmp_path / "a" / "model.py").read_text()
    assert "print" not in (tmp_path / "a" / "model.py").read_text()
    repository.delete("b")
    with pytest.raises(VersionNotFoundError):
        repository.version("b")
