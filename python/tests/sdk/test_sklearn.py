import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from lepton_ai import Client, Deployer, ModelRepository, ModelUnsafeError

X = np.random.default_rng(1).normal(size=(60, 3))
Y = (X.sum(axis=1) > 0).astype(int)


def test_versions_of_one_service_answer_as_the_live_objects(platform):
    repository = ModelRepository("estimators", create=True)
    classifier, regressor = LogisticRegression().fit(X, Y), LinearRegression().fit(X, X @ [1, 2, 3])
    assert repository.save_model(classifier, "c").format == "sklearn"
    repository.save_model(regressor, "r", example_inputs=X[:2])
    deployer = Deployer("tester")
    deployer.deploy_model(repository, "c", service_name="estimators")
    status = deployer.deploy_model(repository, "r", service_name="estimators", weight=50)
    assert {each["version"]: each["weight"] for each in status["versions"]} == {"c": 50, "r": 50}
    with Client() as client:
        answer = client.infer("estimators", {"features": X}, version="c")
        np.testing.assert_array_equal(answer["label"], classifier.predict(X))
        np.testing.assert_allclose(answer["probabilities"], classifier.predict_proba(X))
        np.testing.assert_allclose(client.infer("estimators", {"features": X}, version="r")["prediction"], regressor.predict(X))
    assert (repository.load_model("c").predict(X) == classifier.predict(X)).all()
    deployer.undeploy("estimators")


def test_text_goes_in_as_text(platform):
    repository = ModelRepository("texts", create=True)
    texts = ["good day", "bad day", "good food", "bad food"]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, ["+", "-", "+", "-"])
    repository.save_model(model, "v1", example_inputs=np.array(texts[:2], dtype=object))
    deployer = Deployer("tester")
    deployer.deploy_model(repository, "v1")
    with Client() as client:
        assert client.infer("texts", {"text": np.array(["good day"])})["label"].tolist() == [b"+"]
    deployer.undeploy("texts")


def test_foreign_code_in_a_pickle_is_refused_with_what_was_found(platform):
    import os

    repository = ModelRepository("unsafe", create=True)
    model = make_pipeline(FunctionTransformer(os.listdir), LogisticRegression()).fit
    pipeline = model.__self__
    with pytest.raises(ModelUnsafeError, match="listdir"):
        repository.save_model(pipeline, "v1", signature={"inputs": {"features": ("FP64", [-1, 3])}, "outputs": {"label": ("INT64", [-1])}})
